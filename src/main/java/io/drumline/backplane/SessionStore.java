package io.drumline.backplane;

import io.drumline.message.Destination;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Keeps shared sessions for the cluster: whose a client-id is, which of its sockets is the newest,
 * and up to where the client has received its destinations.
 *
 * <p>Each opening of a session gets a generation, higher than all before it. Who has not the
 * highest is fenced: what it stores changes nothing.
 *
 * <p>Thread safe. Nothing blocks; stages complete on any thread. What waits for the store is
 * bounded: what comes beyond it fails at once.
 */
public interface SessionStore {
  /** Most sessions of one {@link #store}. */
  int MAX_BATCH = 1024;

  /** Is told that sessions were opened again; called once, before the first is opened. */
  void listen(Listener listener);

  /**
   * Opens a session for a socket of this node: begins it, or goes on with what is stored.
   *
   * @param user whose it is; empty for those without a name
   * @param timeToLive how long it is kept from now on
   * @return fails with {@link BackplaneException} while the store is away
   */
  CompletionStage<Opening> open(String clientId, String user, Duration timeToLive);

  /**
   * Stores changes of sessions, and keeps each session for another time to live; an update without
   * changes does only that.
   *
   * @param batch at most {@link #MAX_BATCH} sessions, none twice
   * @return what became of each, in the order of the batch; never fails
   */
  CompletionStage<List<Outcome>> store(List<Update> batch, Duration timeToLive);

  /** How an opening ended. */
  sealed interface Opening {}

  /**
   * The session is this socket's.
   *
   * @param generation of this opening
   * @param resumed whether the session was there before
   * @param positions what is stored, as message-ids
   */
  record Opened(long generation, boolean resumed, Map<Destination, String> positions)
      implements Opening {}

  /** The client-id is another user's. */
  record Foreign() implements Opening {}

  /**
   * What is to be stored of one session.
   *
   * @param generation that its socket has opened
   * @param positions those that changed, as message-ids
   * @param forgotten destinations whose positions go
   */
  record Update(
      String clientId,
      String user,
      long generation,
      Map<Destination, String> positions,
      Set<Destination> forgotten) {

    /** Whether there are no changes. */
    public boolean isEmpty() {
      return positions.isEmpty() && forgotten.isEmpty();
    }
  }

  /** What became of an update. */
  enum Outcome {
    STORED,
    /**
     * The store had lost the session, or this generation of it: it now has the positions of this
     * update and no others.
     */
    RESTORED,
    /** Another socket has opened the session since; nothing has changed. */
    FENCED,
    /** The store is away; nobody knows whether it was stored, and it may be stored again. */
    FAILED
  }

  /** Learns that a socket is not the newest of its session. */
  @FunctionalInterface
  interface Listener {
    /**
     * A socket, on this node or another, has opened the session: those of earlier generations are
     * to be closed. Such a notice may get lost, but then the next {@link #store} tells. Called by
     * any thread; hands over, never blocks.
     */
    void opened(String clientId, long generation);
  }
}

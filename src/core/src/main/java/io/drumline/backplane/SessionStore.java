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
   * Stores positions of sessions, and keeps each session for another time to live.
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
   * @param positions what is stored, as message-ids
   */
  record Opened(long generation, Known known, Map<Destination, String> positions)
      implements Opening {}

  /** What the store knew of a session that was opened. */
  enum Known {
    /** Nothing: the session is new, or was forgotten. */
    NOTHING,
    /** All positions that were stored. */
    ALL,
    /** It was there, but the store may just have gone back to an earlier state: some may lack. */
    PERHAPS_NOT_ALL;

    /** Whether the session was there before. */
    public boolean resumed() {
      return this != NOTHING;
    }
  }

  /** The client-id is another user's. */
  record Foreign() implements Opening {}

  /**
   * What is to be stored of one session. Updates form a chain, so that one that changes what the
   * store has lost is not taken for the whole.
   *
   * @param generation that its socket has opened
   * @param number of the update, greater than those before it of this generation; the opening is
   *     {@link #OPENING}
   * @param follows the number of the update, or of the opening, that it changes; {@link #WHOLE}
   *     where its positions are all that there are
   * @param positions those that changed, as message-ids
   * @param forgotten destinations whose positions go
   */
  record Update(
      String clientId,
      String user,
      long generation,
      long number,
      long follows,
      Map<Destination, String> positions,
      Set<Destination> forgotten) {
    /** The number of what an opening has found. */
    public static final long OPENING = 1;

    /** What an update follows that changes nothing, but is all that there is. */
    public static final long WHOLE = 0;

    /** Whether there are no changes. */
    public boolean isEmpty() {
      return positions.isEmpty() && forgotten.isEmpty();
    }
  }

  /** What became of an update. */
  enum Outcome {
    STORED,
    /**
     * The store has lost the session, or what this update follows: nothing is stored, and the next
     * update must be {@link Update#WHOLE}.
     */
    LOST,
    /** Another socket has opened the session since; nothing has changed. */
    FENCED,
    /**
     * The store is unavailable; nobody knows whether it was stored, and the next update must be
     * {@link Update#WHOLE}.
     */
    FAILED
  }

  /** Learns what became of stored sessions. Called by any thread; hands over, never blocks. */
  interface Listener {
    /**
     * A socket, on this node or another, has opened the session: those of earlier generations are
     * to be closed. Such a notice may get lost, but then the next {@link #store} tells.
     */
    void opened(String clientId, long generation);

    /** The store was unavailable, and may have lost what was stored: all is to be stored again. */
    void interrupted();
  }
}

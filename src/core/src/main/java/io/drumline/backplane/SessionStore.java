package io.drumline.backplane;

import io.drumline.message.Destination;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Keeps shared sessions for the cluster: the user of each client-id, its newest connection, and the
 * client's positions in its destinations.
 *
 * <p>Each opening of a session gets a generation, higher than all before it. A connection without
 * the highest generation is fenced: its stores change nothing.
 *
 * <p>Thread safe. Nothing blocks; stages complete on any thread. Pending calls are bounded: further
 * ones fail at once.
 */
public interface SessionStore {
  /** Maximum number of sessions in one {@link #store}. */
  int MAX_BATCH = 1024;

  /** Sets the listener; called once, before the first session is opened. */
  void listen(Listener listener);

  /**
   * Opens a session for a connection of this node: creates it, or resumes the stored one.
   *
   * @param user its user; empty for clients without a user name
   * @param timeToLive how long it is kept from now on
   * @return fails with {@link BackplaneException} while the store is unavailable
   */
  CompletionStage<Opening> open(String clientId, String user, Duration timeToLive);

  /**
   * Stores positions of sessions and renews each session's time to live.
   *
   * @param batch at most {@link #MAX_BATCH} sessions, without duplicates
   * @return the outcome of each, in the order of the batch; never fails
   */
  CompletionStage<List<Outcome>> store(List<Update> batch, Duration timeToLive);

  /** The result of an opening. */
  sealed interface Opening {}

  /**
   * The connection now owns the session.
   *
   * @param generation of this opening
   * @param positions the stored positions, as message-ids
   */
  record Opened(long generation, Known known, Map<Destination, String> positions)
      implements Opening {}

  /** What the store knew of a session that was opened. */
  enum Known {
    /** Nothing: the session is new or was forgotten. */
    NOTHING,
    /** All positions that were stored. */
    ALL,
    /**
     * The session, but the store may have reverted to an earlier state: positions may be missing.
     */
    PERHAPS_NOT_ALL;

    /** Whether the session existed before. */
    public boolean resumed() {
      return this != NOTHING;
    }
  }

  /** The client-id belongs to another user. */
  record Foreign() implements Opening {}

  /**
   * An update of one session's positions. Updates form a chain, so that an incremental update is
   * not applied to a state that the store has lost.
   *
   * @param generation of its connection's opening
   * @param number of the update, increasing within the generation; the opening is {@link #OPENING}
   * @param follows the number of the update, or of the opening, that this one is based on; {@link
   *     #WHOLE} if its positions are complete
   * @param positions the changed positions, as message-ids
   * @param forgotten destinations whose positions are removed
   */
  record Update(
      String clientId,
      String user,
      long generation,
      long number,
      long follows,
      Map<Destination, String> positions,
      Set<Destination> forgotten) {
    /** The number of the state found by an opening. */
    public static final long OPENING = 1;

    /** The value of {@code follows} for an update that replaces all positions. */
    public static final long WHOLE = 0;

    /** Whether there are no changes. */
    public boolean isEmpty() {
      return positions.isEmpty() && forgotten.isEmpty();
    }
  }

  /** The outcome of an update. */
  enum Outcome {
    STORED,
    /**
     * The store has lost the session, or the update that this one follows: nothing is stored, and
     * the next update must be {@link Update#WHOLE}.
     */
    LOST,
    /** Another connection has opened the session since; nothing is stored. */
    FENCED,
    /**
     * The store is unavailable; it is unknown whether the update was stored, and the next one must
     * be {@link Update#WHOLE}.
     */
    FAILED
  }

  /** Receives events of stored sessions. Called on any thread; must not block. */
  interface Listener {
    /**
     * A connection, on this node or another, has opened the session: connections of earlier
     * generations must be closed. If this notice is lost, the next {@link #store} reports it.
     */
    void opened(String clientId, long generation);

    /** The store was unavailable and may have lost data: everything must be stored again. */
    void interrupted();
  }
}

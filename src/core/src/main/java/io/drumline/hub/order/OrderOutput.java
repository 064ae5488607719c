package io.drumline.hub.order;

import io.drumline.message.Gap;
import io.drumline.message.Publication;

/**
 * What an {@link Order} does to the world.
 *
 * @param <J> who joins
 */
public interface OrderOutput<J> {
  /** The destination's next message, for every member. */
  void deliver(Publication publication);

  /** What the members with continuity have to be told. */
  void gap(Gap gap);

  /** Answers {@link Order#join}. */
  void admit(J joiner, CatchUp catchUp);

  /** Whether this joiner has left, or has asked again since: nobody waits for its answer. */
  boolean isGone(J joiner);

  /**
   * Asks for {@link io.drumline.backplane.Backplane#read}; answered by {@link Order#history} or
   * {@link Order#failed}, never within this call. At most one is open.
   *
   * @param backOff how many reads before it, in a row, are a reason to wait, as they failed or
   *     changed nothing
   */
  void read(long after, int count, boolean begin, int backOff);

  /** An answer brought nobody on: a sign of a history that contradicts itself. */
  void noProgress();

  /** A publication that the backplane's history does not have is not delivered. */
  void stale(Publication publication);
}

package io.drumline.hub.order;

import io.drumline.message.Gap;
import io.drumline.message.Publication;

/**
 * The effects of an {@link Order}.
 *
 * @param <J> the type of joiners
 */
public interface OrderOutput<J> {
  /** The destination's next message, for every member. */
  void deliver(Publication publication);

  /** A gap notice for the members with continuity. */
  void gap(Gap gap);

  /** Answers {@link Order#join}. */
  void admit(J joiner, CatchUp catchUp);

  /** Whether this joiner was cancelled or has asked again: nothing waits for this answer. */
  boolean isGone(J joiner);

  /**
   * Requests {@link io.drumline.backplane.Backplane#read}. Answered by {@link Order#history} or
   * {@link Order#failed}, never within this call. At most one read is pending.
   *
   * @param backOff the number of consecutive earlier reads that failed or changed nothing, which
   *     determines the pause before this one
   */
  void read(long after, int count, boolean begin, int backOff);

  /** An answer brought no progress, which suggests an inconsistent history. */
  void noProgress();

  /** A publication was not delivered because the backplane's history does not contain it. */
  void stale(Publication publication);
}

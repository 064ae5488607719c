package io.drumline.listener;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * When those who were turned away should ask again: at random, and the further apart the more of
 * them there are, so that they do not come back as the crowd that they were. Any thread.
 */
final class RetryAfter {
  private static final int LEAST_SPREAD = 3;
  private static final int MOST_SECONDS = 30;

  private final int perSecond;

  /** A second by the clock, and in the lower half how many were turned away in it. */
  private final AtomicLong turnedAway = new AtomicLong();

  /**
   * @param perSecond how many may come in a second
   */
  RetryAfter(int perSecond) {
    this.perSecond = perSecond;
  }

  /**
   * Seconds for one more who is turned away now: from 1 to 3, or to as many as all of them need.
   */
  int next(long nanos) {
    long second = TimeUnit.NANOSECONDS.toSeconds(nanos) & Integer.MAX_VALUE;
    long state =
        turnedAway.updateAndGet(
            before -> before >>> Integer.SIZE == second ? before + 1 : second << Integer.SIZE | 1);
    int needed = (int) (state & Integer.MAX_VALUE) / perSecond;
    return 1 + ThreadLocalRandom.current().nextInt(Math.min(MOST_SECONDS, LEAST_SPREAD + needed));
  }
}

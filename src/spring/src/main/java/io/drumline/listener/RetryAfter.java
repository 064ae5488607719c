package io.drumline.listener;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Chooses when rejected clients should retry: at random, over a time that grows with their number,
 * so that they do not all return at once. Any thread.
 */
final class RetryAfter {
  private static final int LEAST_SPREAD = 3;
  private static final int MOST_SECONDS = 30;

  private final int perSecond;

  /**
   * The current second in the upper half, and the number of clients rejected in it in the lower
   * half.
   */
  private final AtomicLong turnedAway = new AtomicLong();

  /**
   * @param perSecond the number of clients that may connect per second
   */
  RetryAfter(int perSecond) {
    this.perSecond = perSecond;
  }

  /**
   * The seconds after which a client rejected now should retry: 1 to 3, or more if so many were
   * rejected in this second that they need longer; at most 30.
   *
   * @param nanos {@link System#nanoTime}
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

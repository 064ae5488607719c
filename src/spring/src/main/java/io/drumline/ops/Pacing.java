package io.drumline.ops;

import java.time.Duration;

/**
 * When each of a number of sockets is to be closed, so that no second has many more than the mean.
 * Pure; used by one thread.
 *
 * <p>Who is late (the process stood still, its machine is busy) does not hurry: all that follows is
 * late as well. But the end is put off by {@link #MOST_DELAY} at most, for somebody waits to end
 * the process by force; from there on, what is left is spread over the time that is left.
 */
final class Pacing {
  /** What is late by less is caught up with. */
  static final Duration MOST_LATE = Duration.ofMillis(100);

  static final Duration MOST_DELAY = Duration.ofSeconds(4);

  private final int count;
  private final long end;
  private long from;
  private int fromIndex;
  private double interval;
  private long delay;

  Pacing(int count, Duration window, long now) {
    this.count = count;
    from = now;
    interval = (double) window.toNanos() / Math.max(1, count);
    end = now + window.plus(MOST_DELAY).toNanos();
  }

  /**
   * How many may be under way at once, on event loops that are late themselves.
   *
   * @return at least 1
   */
  int mostAtOnce() {
    return (int) Math.max(1, Math.min(count, MOST_LATE.toNanos() / Math.max(1, interval)));
  }

  /** When the socket with this number, from 0, is due, by {@link System#nanoTime}. */
  long due(int index) {
    return from + (long) (interval * (index - fromIndex));
  }

  /** Until when this one may wait for event loops that are late. */
  long latest(int index) {
    return due(index) + MOST_LATE.plus(MOST_DELAY).toNanos() - delay;
  }

  /** The socket with this number is being closed now. */
  void closes(int index, long now) {
    long late = now - due(index) - MOST_LATE.toNanos();
    if (late <= 0) {
      return;
    }
    if (delay + late <= MOST_DELAY.toNanos()) {
      delay += late;
      from += late;
    } else {
      delay = MOST_DELAY.toNanos();
      from = now;
      fromIndex = index;
      interval = (double) Math.max(0, end - now) / (count - index);
    }
  }
}

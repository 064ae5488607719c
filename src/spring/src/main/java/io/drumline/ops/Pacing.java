package io.drumline.ops;

import java.time.Duration;

/**
 * Schedules the closing of connections, so that no second has many more than the mean. Without I/O;
 * not thread-safe.
 *
 * <p>A delay (the process was suspended, the machine is busy) is not made up for: all later
 * closings move as well. But the end moves by at most {@link #MOST_DELAY}, since the process may be
 * killed after that; beyond, the rest is spread over the remaining time.
 */
final class Pacing {
  /** A smaller delay is made up for. */
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
   * The number of closings that may be pending at once on event loops that are late.
   *
   * @return at least 1
   */
  int mostAtOnce() {
    return (int) Math.max(1, Math.min(count, MOST_LATE.toNanos() / Math.max(1, interval)));
  }

  /** When the connection with this index, from 0, is due, by {@link System#nanoTime}. */
  long due(int index) {
    return from + (long) (interval * (index - fromIndex));
  }

  /** Until when the closing of this connection may wait for event loops that are late. */
  long latest(int index) {
    return due(index) + MOST_LATE.plus(MOST_DELAY).toNanos() - delay;
  }

  /** Notes that the connection with this index is being closed now. */
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

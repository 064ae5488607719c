package io.drumline.ops;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The times at which a drain closed connections, that is, wrote their Close frames. Thread-safe.
 */
final class Closings {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final long[] times;
  private final AtomicInteger count = new AtomicInteger();

  /**
   * @param most the maximum number
   */
  Closings(int most) {
    times = new long[most];
  }

  void add(long now) {
    times[count.getAndIncrement()] = now;
  }

  int count() {
    return count.get();
  }

  /** The most connections closed within any second. To be called after the last was added. */
  int busiestSecond() {
    long[] sorted = Arrays.copyOf(times, count());
    Arrays.sort(sorted);
    int most = 0;
    int from = 0;
    for (int to = 0; to < sorted.length; to++) {
      while (sorted[to] - sorted[from] >= SECOND) {
        from++;
      }
      most = Math.max(most, to - from + 1);
    }
    return most;
  }
}

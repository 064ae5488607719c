package io.drumline.ops;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** When the sockets of a drain were closed: their Close frames written. Thread safe. */
final class Closings {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final long[] times;
  private final AtomicInteger count = new AtomicInteger();

  /**
   * @param most that there will be
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

  /** Most of them within any second. To be asked when no more are added. */
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

package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HeapWatchTest {
  private static final int FULL = 95;

  private final FakeHeap heap = new FakeHeap();
  private final HeapWatch watch = new HeapWatch(heap);

  @Test
  void onlyCollectingForTenSecondsIsExhausted() {
    assertThat(secondsUntilExhausted(30, 250, 240, FULL)).isEqualTo(10);
  }

  @Test
  void aHeapWithRoomIsNot() {
    assertThat(secondsUntilExhausted(60, 250, 240, 80)).isEqualTo(-1);
  }

  @Test
  void aProcessThatDoesSomethingBetweenIsNot() {
    assertThat(secondsUntilExhausted(60, 250, 200, FULL)).isEqualTo(-1);
  }

  @Test
  void looksThatComeLateSeeIt() {
    assertThat(secondsUntilExhausted(60, 5000, 4950, FULL)).isEqualTo(25);
  }

  @Test
  void oneLongCollectionOfLargeHeapIsNot() {
    look(250, 0, FULL);
    assertThat(look(40_000, 40_000, FULL)).isFalse();
    assertThat(secondsUntilExhausted(60, 250, 20, FULL)).isEqualTo(-1);
  }

  @Test
  void aSecondInBetweenBeginsAgain() {
    for (int i = 0; i < 10; i++) {
      assertThat(secondsUntilExhausted(9, 250, 240, FULL)).isEqualTo(-1);
      assertThat(secondsUntilExhausted(1, 250, 100, FULL)).isEqualTo(-1);
    }
  }

  @Test
  void knowsTheProcess() {
    var collectors = ManagementFactory.getGarbageCollectorMXBeans();
    HeapWatch.OfProcess process = new HeapWatch.OfProcess(collectors);
    long before = process.collectingMillis();
    long count = collections();
    while (collections() == count || process.collectingMillis() == before) {
      System.gc();
    }
    assertThat(process.used()).isPositive().isLessThanOrEqualTo(process.most());
    assertThat(HeapWatch.OfProcess.stopping(collectors)).isNotEmpty();
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  /** Looks so often; the seconds after which it was exhausted, or -1. */
  private long secondsUntilExhausted(int seconds, int millis, int collecting, int percent) {
    look(0, 0, percent);
    for (long passed = millis; passed <= seconds * 1000L; passed += millis) {
      if (look(millis, collecting, percent)) {
        return passed / 1000;
      }
    }
    return -1;
  }

  private boolean look(int millis, int collecting, int percent) {
    heap.nanos += TimeUnit.MILLISECONDS.toNanos(millis);
    heap.collecting += collecting;
    heap.percent = percent;
    return watch.isExhausted();
  }

  private static final class FakeHeap implements HeapWatch.Heap {
    private long nanos = -5; // may be negative
    private long collecting = 17;
    private int percent;

    @Override
    public long nanos() {
      return nanos;
    }

    @Override
    public long collectingMillis() {
      return collecting;
    }

    @Override
    public long used() {
      return most() / 100 * percent;
    }

    @Override
    public long most() {
      return 64 << 20;
    }
  }
}

package io.drumline.ops;

import java.lang.management.GarbageCollectorMXBean;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Detects a heap so full that the process hardly does anything but collect garbage: for {@link
 * #LONGEST_NANOS} in a row, at least nine tenths of the time is spent collecting and nine tenths of
 * the heap are in use. The JVM itself throws an {@link OutOfMemoryError} then with one collector
 * only; with others this may last for minutes. Allocates nothing; for one thread.
 */
final class HeapWatch {
  static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** The interval of each check; a check is late if garbage collection delays it. */
  static final long SLICE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The most that a late check counts for: a few long collections of a large heap are normal. */
  static final long MOST_OF_SLICE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Heap heap;
  private boolean begun;
  private long sliceBegan;
  private long collectedBefore;
  private long bad;

  /** The heap of a JVM. */
  interface Heap {
    /** The clock, as {@link System#nanoTime}. */
    long nanos();

    /** Total time for which collections have paused the process. */
    long collectingMillis();

    /** Bytes in use, including garbage. */
    long used();

    /** The maximum size in bytes. */
    long most();
  }

  HeapWatch(Heap heap) {
    this.heap = heap;
  }

  /** Checks again; called several times a second. Returns whether the heap is exhausted. */
  boolean isExhausted() {
    long now = heap.nanos();
    long collected = heap.collectingMillis();
    if (!begun) {
      begun = true;
      next(now, collected);
      return false;
    }
    long slice = now - sliceBegan;
    if (slice < SLICE_NANOS) {
      return false;
    }
    long collecting = TimeUnit.MILLISECONDS.toNanos(collected - collectedBefore);
    if (collecting >= slice / 10 * 9 && heap.used() >= heap.most() / 10 * 9) {
      bad += Math.min(slice, MOST_OF_SLICE_NANOS);
    } else {
      bad = 0;
    }
    next(now, collected);
    return bad >= LONGEST_NANOS;
  }

  private void next(long now, long collected) {
    sliceBegan = now;
    collectedBefore = collected;
  }

  /** The heap of this process. */
  static final class OfProcess implements Heap {
    private final Runtime runtime = Runtime.getRuntime();
    private final GarbageCollectorMXBean[] collectors;

    OfProcess(Collection<GarbageCollectorMXBean> all) {
      collectors = stopping(all).toArray(new GarbageCollectorMXBean[0]);
    }

    /** Excludes collectors that count concurrent work. */
    static List<GarbageCollectorMXBean> stopping(Collection<GarbageCollectorMXBean> all) {
      return all.stream()
          .filter(one -> !one.getName().contains("Concurrent") && !one.getName().contains("Cycles"))
          .toList();
    }

    @Override
    public long nanos() {
      return System.nanoTime();
    }

    @Override
    public long collectingMillis() {
      long millis = 0;
      for (GarbageCollectorMXBean collector : collectors) {
        millis += collector.getCollectionTime();
      }
      return millis;
    }

    @Override
    public long used() {
      return runtime.totalMemory() - runtime.freeMemory();
    }

    @Override
    public long most() {
      return runtime.maxMemory();
    }
  }
}

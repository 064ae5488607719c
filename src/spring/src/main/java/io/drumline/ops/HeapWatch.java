package io.drumline.ops;

import java.lang.management.GarbageCollectorMXBean;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Whether the heap is so full that the node does hardly anything but collect garbage: for {@link
 * #LONGEST_NANOS} in a row at least nine tenths of the time, with more than nine tenths of the heap
 * in use. The JVM itself ends that with an {@link OutOfMemoryError} for one collector only, and the
 * others may go on for minutes. Needs no memory itself; for one thread.
 */
final class HeapWatch {
  static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** What is judged at once; a look comes late where the collector leaves no time for it. */
  static final long SLICE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A slice counts for no more: a few long collections of a large heap are no such state. */
  static final long MOST_OF_SLICE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Heap heap;
  private boolean begun;
  private long sliceBegan;
  private long collectedBefore;
  private long bad;

  /** What a JVM says of its heap. */
  interface Heap {
    /** The clock. */
    long nanos();

    /** The time that collections have stopped the process so far. */
    long collectingMillis();

    /** Bytes in use, garbage included. */
    long used();

    /** Most bytes that it may take. */
    long most();
  }

  HeapWatch(Heap heap) {
    this.heap = heap;
  }

  /** Looks again, several times a second; returns whether it is so. */
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

  /** That of this process. */
  static final class OfProcess implements Heap {
    private final Runtime runtime = Runtime.getRuntime();
    private final GarbageCollectorMXBean[] collectors;

    OfProcess(Collection<GarbageCollectorMXBean> all) {
      collectors = stopping(all).toArray(new GarbageCollectorMXBean[0]);
    }

    /** Without those that count what runs beside the process. */
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

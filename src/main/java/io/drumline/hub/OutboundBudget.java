package io.drumline.hub;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many bytes all connections of the node together may hold of what waits to be sent. Shards add
 * and take off what is queued on them once a flush, and only if it has changed; a buffer that many
 * connections wait for counts once. Any thread.
 */
final class OutboundBudget {
  /**
   * Beyond this part more than the limit, connections are ended without waiting for their peers.
   */
  private static final int URGENT_PART = 4;

  /** A limit that was lowered is not lowered further within this time. */
  private static final long EFFECT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** After so long without a lack of memory the limit holds again. */
  private static final long PEACE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** It is lowered by one part of so many, and to one part at least. */
  private static final int PARTS = 4;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final long limit;
  private final AtomicLong used = new AtomicLong();

  /** Of that, what connections hold that are closed, and have not ended yet. */
  private final AtomicLong closing = new AtomicLong();

  /** What may be held: the limit, or less for a while after direct memory was lacking. */
  private volatile long allowed;

  private final AtomicLong shrunkAt = new AtomicLong(System.nanoTime() - PEACE_NANOS);

  private final AtomicLong paidAt = new AtomicLong(System.nanoTime() - PAUSE_NANOS);

  /** Connections closed for the budget. */
  final LongAdder closes = new LongAdder();

  /**
   * @param limit in bytes
   */
  OutboundBudget(long limit) {
    this.limit = limit;
    allowed = limit;
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }

  long used() {
    return used.get();
  }

  long limit() {
    return limit;
  }

  /** Whether more is queued than the limit. */
  boolean over() {
    return used.get() > allowed;
  }

  /** Whether more is queued than the limit, what is about to go left out. */
  boolean exceeded() {
    return used.get() - closing.get() > allowed;
  }

  /** Whether memory must come back at once. */
  boolean urgent() {
    return used.get() > allowed + allowed / URGENT_PART;
  }

  /**
   * Direct memory was lacking, though the limit is kept: pools are fragmented, and other code of
   * the process uses it too. Less may be held until that has not happened for 10 seconds.
   *
   * @return whether the limit was lowered by that
   */
  boolean lacksMemory(long now) {
    long last = shrunkAt.get();
    if (now - last < EFFECT_NANOS || !shrunkAt.compareAndSet(last, now)) {
      return false;
    }
    long held = Math.min(allowed, used.get());
    allowed = Math.max(limit / PARTS, held - held / PARTS);
    return true;
  }

  /** What may be held now, in bytes; looks whether it is the limit again. */
  long allowed(long now) {
    if (allowed < limit && now - shrunkAt.get() > PEACE_NANOS) {
      allowed = limit;
    }
    return allowed;
  }

  /** A connection was closed that holds this much; negative when it holds less, or has ended. */
  void closing(long bytes) {
    closing.addAndGet(bytes);
  }

  /** Whether the caller shall see to it that connections are closed: one does, once in a while. */
  boolean beginPaying(long now) {
    long last = paidAt.get();
    return now - last >= PAUSE_NANOS && paidAt.compareAndSet(last, now);
  }
}

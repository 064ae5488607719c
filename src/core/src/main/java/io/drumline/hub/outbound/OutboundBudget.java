package io.drumline.hub.outbound;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many bytes all connections of the node together may hold of what waits to be sent. Shards add
 * and take off what is queued on them once a flush, and only if it has changed; a buffer that many
 * connections wait for counts once. Any thread.
 */
public final class OutboundBudget {
  /**
   * Beyond this part more than the limit, connections are ended without waiting for their peers.
   */
  private static final int URGENT_PART = 4;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final long limit;
  private final AtomicLong used = new AtomicLong();

  /** Of that, what connections hold that are closed, and have not ended yet. */
  private final AtomicLong closing = new AtomicLong();

  private final AtomicLong paidAt = new AtomicLong(System.nanoTime() - PAUSE_NANOS);

  /** Connections closed for the budget. */
  public final LongAdder closes = new LongAdder();

  /**
   * @param limit in bytes
   */
  public OutboundBudget(long limit) {
    this.limit = limit;
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }

  public long used() {
    return used.get();
  }

  public long limit() {
    return limit;
  }

  /** Whether more is queued than the limit. */
  public boolean over() {
    return used.get() > limit;
  }

  /** Whether more is queued than the limit, what is about to go left out. */
  public boolean exceeded() {
    return used.get() - closing.get() > limit;
  }

  /** Whether memory must come back at once. */
  public boolean urgent() {
    return used.get() > limit + limit / URGENT_PART;
  }

  /** A connection was closed that holds this much; negative when it holds less, or has ended. */
  void closing(long bytes) {
    closing.addAndGet(bytes);
  }

  /** Whether the caller shall see to it that connections are closed: one does, once in a while. */
  public boolean beginPaying(long now) {
    long last = paidAt.get();
    return now - last >= PAUSE_NANOS && paidAt.compareAndSet(last, now);
  }
}

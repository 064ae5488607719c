package io.drumline.hub.outbound;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Limits the bytes in the outbound queues of all connections of the node. Shards report changes
 * once per flush; a buffer shared by many connections counts once. Any thread.
 */
public final class OutboundBudget {
  /**
   * When usage exceeds the limit by this fraction (a quarter), connections are closed without
   * waiting for their peers.
   */
  private static final int URGENT_PART = 4;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final long limit;
  private final AtomicLong used = new AtomicLong();

  /** Of that, bytes held by closed connections that have not ended yet. */
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

  /** Whether usage exceeds the limit. */
  public boolean over() {
    return used.get() > limit;
  }

  /** Whether usage exceeds the limit even without the bytes of closing connections. */
  public boolean exceeded() {
    return used.get() - closing.get() > limit;
  }

  /** Whether memory must be freed at once. */
  public boolean urgent() {
    return used.get() > limit + limit / URGENT_PART;
  }

  /** Adds the bytes of a closing connection; negative when it holds less or has ended. */
  void closing(long bytes) {
    closing.addAndGet(bytes);
  }

  /** Whether the caller must start a round of closing connections: at most one every 20 ms. */
  public boolean beginPaying(long now) {
    long last = paidAt.get();
    return now - last >= PAUSE_NANOS && paidAt.compareAndSet(last, now);
  }
}

package io.drumline.hub;

/**
 * Bounds how often one client begins subscriptions in place of others: each may cost a read. Times
 * are counted in ticks of the shard, of 100 ms. Used on the connection's event loop.
 */
final class Replacements {
  /** How many at once. */
  static final int BURST = 128;

  /** How many a tick, on average. */
  private static final double PER_TICK = 1.6;

  private final HubMetrics metrics;
  private double allowance = BURST;
  private long allowedAt;

  Replacements(HubMetrics metrics) {
    this.metrics = metrics;
  }

  /** One more begins: the tick before which it must not cause a read. */
  long next(long now) {
    allowance = Math.min(BURST, allowance + (now - allowedAt) * PER_TICK);
    allowance = Math.max(-BURST, allowance - 1);
    allowedAt = now;
    if (allowance >= 0) {
      return now;
    }
    metrics.delayedCatchUps.increment();
    return now + (long) Math.ceil(-allowance / PER_TICK);
  }
}

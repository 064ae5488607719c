package io.drumline.hub;

/**
 * Limits how fast one client may replace subscriptions, since each may cost a read. Times are in
 * ticks of the shard, 100 ms each. Used on the connection's event loop.
 */
final class Replacements {
  /** Replacements allowed at once. */
  static final int BURST = 128;

  /** Replacements allowed per tick on average. */
  private static final double PER_TICK = 1.6;

  private final HubMetrics metrics;
  private double allowance = BURST;
  private long allowedAt;

  Replacements(HubMetrics metrics) {
    this.metrics = metrics;
  }

  /** Counts a replacement; returns the first tick in which it may cause a read. */
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

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

  private double allowance = BURST;
  private long allowedAt;

  /**
   * The tick before which the subscription that begins must not cause a read. As many as its client
   * has at the same time are free.
   */
  static long mayReadFrom(Connection connection) {
    if (connection.subscriptions > connection.mostSubscriptions) {
      connection.mostSubscriptions = connection.subscriptions;
      return 0;
    }
    Replacements replacements = connection.replacements;
    if (replacements == null) {
      replacements = new Replacements();
      connection.replacements = replacements;
    }
    return replacements.next(connection.shard());
  }

  private long next(Shard shard) {
    long now = shard.ticks();
    allowance = Math.min(BURST, allowance + (now - allowedAt) * PER_TICK);
    allowance = Math.max(-BURST, allowance - 1);
    allowedAt = now;
    if (allowance >= 0) {
      return now;
    }
    shard.metrics().delayedCatchUps.increment();
    return now + (long) Math.ceil(-allowance / PER_TICK);
  }
}

package io.drumline.hub;

import io.drumline.loop.ThrottledLog;
import io.drumline.loop.Watchdog;
import io.drumline.message.CloseCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes all connections of a shard if the process was paused for too long: their clients may have
 * resumed elsewhere, and must receive nothing stale. Checked before each delivery too, since that
 * may come before the next tick. Used on the shard's event loop.
 *
 * <p>A loop that was merely busy for as long closes no connections.
 */
final class PauseFence {
  private static final Logger log = LoggerFactory.getLogger(PauseFence.class);

  private final ThrottledLog throttled = new ThrottledLog(log);
  private final Connections connections;
  private final HubMetrics metrics;
  private final Watchdog watchdog;
  private final long limitNanos;

  /** The last tick; also advanced whenever the limit has passed without one. */
  private long busySince = System.nanoTime();

  /**
   * @param limitNanos how long the process may be paused
   */
  PauseFence(Connections connections, HubMetrics metrics, Watchdog watchdog, long limitNanos) {
    this.connections = connections;
    this.metrics = metrics;
    this.watchdog = watchdog;
    this.limitNanos = limitNanos;
  }

  /** The loop has run its timers. */
  void ticked(long now) {
    busySince = now;
  }

  void check(long now) {
    if (now - busySince <= limitNanos) {
      return;
    }
    long since = busySince;
    busySince = now; // closing a connection may deliver, and call this again
    try {
      fenceOrTell(since, now);
    } catch (Throwable e) {
      busySince = since; // the next call tries again
      throw e;
    }
  }

  private void fenceOrTell(long since, long now) {
    if (watchdog.stoodStill(since)) {
      fence(now - since);
    } else {
      metrics.overloads.increment();
      throttled.warn(
          "busy",
          "This event loop did not come to its timers for {} ms: it has more work than it can do."
              + " No connection is closed for it; see drumline_loop_delay_seconds, and spread the"
              + " load over more nodes or CPUs",
          (now - since) / 1_000_000);
    }
  }

  private void fence(long pauseNanos) {
    if (connections.size() > 0) {
      log.warn(
          "This node stood still for {} ms: closing {} connections, which may reconnect at once",
          pauseNanos / 1_000_000,
          connections.size());
      connections.closeAll(CloseCode.STOOD_STILL, "This node stood still: reconnect.");
    }
  }
}

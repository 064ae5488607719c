package io.drumline.hub;

import io.drumline.loop.ThrottledLog;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Remembers that something was not delivered on one shard until it is repaired at the next tick,
 * when there may be memory again. Any thread may say that something has failed.
 */
final class Repairs {
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(Repairs.class));
  private final Failures failures;
  private final HubMetrics metrics;

  /** Something was not delivered, and is looked after at the next tick. */
  private volatile boolean wanted;

  private volatile @Nullable Throwable failure;

  Repairs(Failures failures, HubMetrics metrics) {
    this.failures = failures;
    this.metrics = metrics;
  }

  /** Something was not delivered. Any thread; needs no memory. */
  void later(Throwable e) {
    failure = e;
    wanted = true;
    failures.tell(e);
  }

  /** A message of a destination without history could not be delivered to somebody. Any thread. */
  void lost(Throwable e) {
    later(e);
    metrics.dropped.increment();
  }

  /**
   * Called each tick: where it is wanted, the repair runs behind all that was handed over before.
   */
  void tick(Executor loop, Runnable repair) {
    if (wanted) {
      try {
        loop.execute(repair);
      } catch (Throwable e) {
        failure = e; // again at the next tick
      }
    }
  }

  /**
   * Has everything repaired, if that is wanted.
   *
   * @param repairAll returns false if some of it must be tried again
   */
  void run(BooleanSupplier repairAll) {
    if (!wanted) {
      return;
    }
    wanted = false;
    Throwable cause = failure;
    boolean repaired = false;
    try {
      repaired = repairAll.getAsBoolean();
      if (cause != null) {
        logFailure(cause);
      }
    } catch (Throwable e) {
      failure = e;
      repaired = false;
    }
    if (!repaired) {
      wanted = true;
    }
  }

  private void logFailure(Throwable cause) {
    failure = null;
    log.error(
        "delivery",
        "Messages could not be delivered ({}); {} subscriptions so far continue from their last"
            + " message",
        cause.toString(),
        metrics.repairs.sum(),
        cause);
  }
}

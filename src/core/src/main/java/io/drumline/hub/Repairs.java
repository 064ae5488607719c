package io.drumline.hub;

import io.drumline.loop.ThrottledLog;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Records a failed delivery on one shard until it is repaired at the next tick, when memory may be
 * available again. Failures may be reported on any thread.
 */
final class Repairs {
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(Repairs.class));
  private final Failures failures;
  private final HubMetrics metrics;

  /** A delivery has failed; repaired at the next tick. */
  private volatile boolean wanted;

  private volatile @Nullable Throwable failure;

  Repairs(Failures failures, HubMetrics metrics) {
    this.failures = failures;
    this.metrics = metrics;
  }

  /** A delivery has failed. Any thread; allocates no memory. */
  void later(Throwable e) {
    failure = e;
    wanted = true;
    failures.tell(e);
  }

  /** A message of a destination without history could not be delivered. Any thread. */
  void lost(Throwable e) {
    later(e);
    metrics.dropped.increment();
  }

  /**
   * Called each tick: queues the repair, if needed, behind the tasks already passed to this loop.
   */
  void tick(Executor loop, Runnable repair) {
    if (wanted) {
      try {
        loop.execute(repair);
      } catch (Throwable e) {
        failure = e; // retried at the next tick
      }
    }
  }

  /**
   * Runs the repair, if needed.
   *
   * @param repairAll returns false if some of it must be retried
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

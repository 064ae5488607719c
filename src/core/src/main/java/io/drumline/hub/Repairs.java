package io.drumline.hub;

import io.drumline.loop.ThrottledLog;
import io.netty.channel.EventLoop;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * What was not delivered on one shard, and the repair that follows at the next tick, when there may
 * be memory again. Any thread may say that something has failed.
 */
final class Repairs {
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(Repairs.class));
  private final Shard shard;
  private final EventLoop loop;

  // Made once: what brings things in order after a lack of memory should not need any.
  private final Runnable repair = this::repair;

  /** Something was not delivered, and is looked after at the next tick. */
  private volatile boolean wanted;

  private volatile @Nullable Throwable failure;

  Repairs(Shard shard) {
    this.shard = shard;
    loop = shard.loop;
  }

  /** Something was not delivered. Any thread; needs no memory. */
  void later(Throwable e) {
    failure = e;
    wanted = true;
    shard.tell(e);
  }

  /** Called each tick. */
  void tick() {
    if (wanted) {
      try {
        loop.execute(repair); // behind all that was handed over before
      } catch (Throwable e) {
        failure = e; // again at the next tick
      }
    }
  }

  /** Has all subscriptions that were not given something catch up. */
  void repair() {
    if (!wanted) {
      return;
    }
    wanted = false;
    Throwable cause = failure;
    boolean repaired = true;
    try {
      for (ShardTopic topic : shard.topics()) {
        repaired &= topic.repair();
      }
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
        shard.metrics().repairs.sum(),
        cause);
  }
}

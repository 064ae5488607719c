package io.drumline.hub;

import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.hub.outbound.OutboundQueues;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;

/**
 * The event loop of a {@link Shard} and the state shared by everything on it. Used on that loop,
 * except for the event loop itself, {@link #failures} and {@link #repairs}.
 */
final class ShardLoop {
  final EventLoop eventLoop;

  /** Allocates frames. */
  final ByteBufAllocator alloc;

  final FrameEncoder encoder = new FrameEncoder();
  final Wheel wheel;
  final OutboundQueues queues;
  final Repairs repairs;
  final Failures failures;
  final HubMetrics metrics;
  final LoopCounts counts;

  /** Maximum bytes in one connection's outbound queue. */
  final long outboundLimit;

  private long ticks;

  /**
   * @param counts of this event loop, for the metrics
   * @param budget for all outbound queues of the node
   */
  ShardLoop(
      EventLoop eventLoop,
      Loops loops,
      HubSettings settings,
      OutboundBudget budget,
      HubMetrics metrics,
      LoopCounts counts,
      Failures failures) {
    this.eventLoop = eventLoop;
    this.alloc = loops.alloc();
    this.wheel = new Wheel(loops.periodic().guard("timer"));
    this.queues = new OutboundQueues(budget);
    this.repairs = new Repairs(failures, metrics);
    this.failures = failures;
    this.metrics = metrics;
    this.counts = counts;
    this.outboundLimit = settings.outboundLimit();
  }

  /** Accounts for a buffer in outbound queues; takes ownership of a reference. */
  void queued(ByteBuf buffer, long now) {
    try {
      queues.queued(buffer, now);
    } catch (Throwable e) {
      repairs.later(e);
    }
  }

  /** Number of calls of {@link #ticked}: a clock that stops when the loop does. */
  long ticks() {
    return ticks;
  }

  /** Called every {@value Wheel#TICK_MILLIS} ms. */
  void ticked() {
    ticks++;
  }
}

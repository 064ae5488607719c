package io.drumline.hub;

import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.hub.outbound.OutboundQueues;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;

/**
 * The event loop of a {@link Shard}, and what everything on it shares. Used on that loop, but for
 * the event loop itself, {@link #failures} and {@link #repairs}.
 */
final class ShardLoop {
  final EventLoop eventLoop;

  /** Where frames are written. */
  final ByteBufAllocator alloc;

  final FrameEncoder encoder = new FrameEncoder();
  final Wheel wheel;
  final OutboundQueues queues;
  final Repairs repairs;
  final Failures failures;
  final HubMetrics metrics;
  final LoopCounts counts;

  /** Bytes that may wait to be sent to one connection. */
  final long outboundLimit;

  private long ticks;

  /**
   * @param counts of this event loop, which the metrics show
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

  /** A buffer waits in outbound queues; takes a reference over. */
  void queued(ByteBuf buffer, long now) {
    try {
      queues.queued(buffer, now);
    } catch (Throwable e) {
      repairs.later(e);
    }
  }

  /** How often {@link #ticked} was called: a clock that stands still with the loop. */
  long ticks() {
    return ticks;
  }

  /** Another {@value Wheel#TICK_MILLIS} ms have passed. */
  void ticked() {
    ticks++;
  }
}

package io.drumline.hub;

import io.drumline.backplane.Backplane;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.Destination;
import io.netty.channel.EventLoop;
import java.util.Map;

/**
 * The event loop of an {@link Owner} and the state shared by its destinations. Used on that loop
 * unless a method says otherwise.
 */
final class OwnerLoop {
  static final int TICK_MILLIS = 100;

  /** How long a history in memory is kept after its last request. */
  private static final long KEEP_PAST_MILLIS = 10_000;

  final EventLoop eventLoop;
  final Backplane backplane;
  final HubMetrics metrics;
  final HandOver handOver;
  final HistoryReads reads;
  final IdleChecks checks;
  final CatchUpMemory memory;
  final Doubts doubts;

  /** Maximum bytes of one step of catching up. */
  final long chunkBytes;

  private final ThrottledLog log;
  private long ticks;

  /**
   * @param owned all destinations of the owner
   * @param owners the number of owners, which share the node's limits
   */
  OwnerLoop(
      EventLoop eventLoop,
      Backplane backplane,
      Watch watch,
      HubMetrics metrics,
      HubSettings settings,
      Map<Destination, ? extends Doubts.Doubted> owned,
      int owners,
      ThrottledLog log) {
    this.eventLoop = eventLoop;
    this.backplane = backplane;
    this.metrics = metrics;
    this.log = log;
    long backlogLimit = settings.backlogLimit();
    chunkBytes = settings.chunkBytes();
    handOver = new HandOver(eventLoop, watch, metrics, backlogLimit);
    int mostReads = Math.max(1, settings.maxReads() / owners);
    reads = new HistoryReads(mostReads, metrics);
    checks =
        new IdleChecks(
            Math.max(1, settings.idleCheck().toMillis() / TICK_MILLIS),
            Math.max(1, mostReads / 2),
            reads::hasRoom);
    memory =
        new CatchUpMemory(
            settings.catchUpLimit() / owners, KEEP_PAST_MILLIS / TICK_MILLIS, metrics);
    doubts =
        new Doubts(owned, reads, mostReads, () -> metrics.backlogBytes.get() < backlogLimit / 2);
  }

  /** Number of calls of {@link #tick}: a clock that stops when the loop does. */
  long ticks() {
    return ticks;
  }

  /** Runs what is due; called every {@value #TICK_MILLIS} ms. */
  void tick() {
    ticks++;
    try {
      reads.endLost();
      doubts.tick();
      memory.expire(ticks);
    } finally {
      checks.run(ticks);
    }
  }

  /** Throttled, because a failure of one destination often affects all. */
  void logUnreadable(Destination destination, Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason = String.valueOf(cause.getMessage());
    log.warn(
        reason,
        "The history of {} cannot be read: {}. Subscribers that need it wait; the next attempt"
            + " follows within 1 s",
        destination,
        reason);
  }
}

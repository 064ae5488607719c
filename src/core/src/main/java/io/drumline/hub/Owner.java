package io.drumline.hub;

import io.drumline.backplane.Backplane;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/**
 * Keeps the order of the destinations that hash to one event loop, and this node's interest in
 * them: subscribed at the backplane while any shard has a subscriber, and a little longer. Touched
 * on its loop only.
 */
final class Owner {
  static final Duration TICK = Duration.ofMillis(100);

  private static final long TICK_MILLIS = TICK.toMillis();

  /** How long what was kept for joiners stays after the last of them asked. */
  private static final long KEEP_PAST_MILLIS = 10_000;

  /** Destinations that linger after their last subscriber; beyond them each goes at once. */
  private static final int MOST_LINGERING = 4096;

  final Backplane backplane;
  final HubMetrics metrics;
  final HubSettings settings;
  final HandOver handOver;
  final HistoryReads reads;
  final IdleChecks checks;
  final CatchUpMemory memory;
  final Doubts doubts;
  private final EventLoop loop;
  private final ThrottledLog failures = new ThrottledLog(LoggerFactory.getLogger(Owner.class));
  private final Map<Destination, OwnedDestination> owned = new HashMap<>();
  private int lingering;

  /** How often {@link #tick} was called: a clock that stands still with the loop. */
  private long ticks;

  /**
   * @param owners how many there are: limits of the node are shared among them
   */
  Owner(
      EventLoop loop,
      Backplane backplane,
      Watch watch,
      HubMetrics metrics,
      HubSettings settings,
      int owners) {
    this.loop = loop;
    this.backplane = backplane;
    this.metrics = metrics;
    this.settings = settings;
    long backlogLimit = settings.backlogLimit();
    handOver = new HandOver(loop, watch, metrics, backlogLimit);
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

  EventLoop loop() {
    return loop;
  }

  /** A shard has its first subscriber. Idempotent. */
  void join(ShardTopic topic) {
    try {
      joinNow(topic);
    } catch (Throwable e) {
      topic.unanswered(e);
    }
  }

  private void joinNow(ShardTopic topic) {
    OwnedDestination entry = owned.get(topic.destination);
    if (entry == null) {
      entry = begin(topic.destination);
    }
    entry.add(topic);
  }

  private OwnedDestination begin(Destination destination) {
    OwnedDestination entry = new OwnedDestination(destination, this);
    owned.put(destination, entry);
    try {
      if (entry.order != null) {
        checks.add(entry, ticks);
      }
      backplane.subscribe(destination).thenRun(entry::confirmed);
      return entry;
    } catch (Throwable e) {
      owned.remove(destination);
      entry.end();
      throw e;
    }
  }

  /** A shard has lost its last subscriber; others may come soon, so the subscription lingers. */
  void leave(ShardTopic topic) {
    OwnedDestination entry = owned.get(topic.destination);
    if (entry == null) {
      return;
    }
    entry.topics.remove(topic);
    if (entry.topics.isEmpty()) {
      entry.emptySince = System.nanoTime();
      if (!entry.lingers) {
        entry.lingers = true;
        linger(1);
        if (lingering <= MOST_LINGERING) {
          releaseAfter(settings.linger().toNanos(), entry);
        } else {
          forget(entry);
        }
      }
    }
  }

  /** A subscription of a topic that has joined goes on from a point of the past. */
  void catchUp(Joiner joiner) {
    OwnedDestination entry = owned.get(joiner.topic().destination);
    if (entry != null) {
      entry.catchUp(joiner);
    }
  }

  /** A publication in its destination's order, which was counted in the backlog. */
  void received(Arrival arrival) {
    Publication publication = arrival.publication();
    metrics.backlogBytes.addAndGet(-publication.memoryBytes());
    OwnedDestination entry = owned.get(publication.destination());
    if (entry != null) { // else it was unsubscribed meanwhile
      entry.received(arrival);
    }
  }

  /** The backplane may have lost publications of this destination. */
  void interrupted(Destination destination) {
    OwnedDestination entry = owned.get(destination);
    if (entry != null) {
      entry.interrupted();
    }
  }

  /** Looks after what is due; called every {@link #TICK}. */
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

  /**
   * A publication was dropped, as too much waits: its destination, which has an order, is compared
   * with the backplane when there is room again. Any thread.
   */
  void dropped(Destination destination) {
    doubts.dropped(destination);
  }

  /** Something may have been lost of any destination. Any thread; needs no memory. */
  void doubtAll() {
    doubts.all();
  }

  long ticks() {
    return ticks;
  }

  private void releaseAfter(long nanos, OwnedDestination entry) {
    try {
      var unused = loop.schedule(() -> release(entry), nanos, TimeUnit.NANOSECONDS);
    } catch (Throwable e) {
      failed("linger", "The subscription to {} is ended at once ({})", entry.destination, e);
      forget(entry);
    }
  }

  private void release(OwnedDestination entry) {
    long left = settings.linger().toNanos() - (System.nanoTime() - entry.emptySince);
    if (!entry.topics.isEmpty()) {
      entry.lingers = false;
      linger(-1);
    } else if (left > 0) { // somebody was here in the meantime
      releaseAfter(left, entry);
    } else {
      forget(entry);
    }
  }

  private void forget(OwnedDestination entry) {
    linger(-1);
    owned.remove(entry.destination);
    memory.remove(entry);
    entry.end();
    unsubscribe(entry.destination);
  }

  private void unsubscribe(Destination destination) {
    try {
      backplane.unsubscribe(destination);
    } catch (Throwable e) {
      failed(
          "unsubscribe",
          "The subscription to {} could not be ended ({}): its messages go on coming to this node,"
              + " which drops them",
          destination,
          e);
    }
  }

  private void failed(String cause, String sentence, Destination destination, Throwable e) {
    metrics.failures.increment();
    failures.error(cause + ' ' + e.getClass().getName(), sentence, destination, e.toString(), e);
  }

  private void linger(int more) {
    lingering += more;
    metrics.lingering.addAndGet(more);
  }

  /** What fails for one destination often fails for all. */
  void logFailure(Destination destination, Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason = String.valueOf(cause.getMessage());
    failures.warn(
        reason,
        "The history of {} cannot be read: {}. Subscribers that need it wait; the next attempt"
            + " follows within 1 s",
        destination,
        reason);
  }
}

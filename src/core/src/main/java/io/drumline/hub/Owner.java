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
 * Keeps the order of the destinations that hash to one event loop, and subscribes to them at the
 * backplane while any shard has a subscriber, and a little longer. Used on its loop only.
 */
final class Owner {
  static final Duration TICK = Duration.ofMillis(OwnerLoop.TICK_MILLIS);

  /** Maximum number of lingering destinations; beyond it they are unsubscribed at once. */
  private static final int MOST_LINGERING = 4096;

  private final OwnerLoop loop;
  private final long lingerNanos;
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(Owner.class));
  private final Map<Destination, OwnedDestination> owned = new HashMap<>();
  private int lingering;

  /**
   * @param owners the number of owners, which share the node's limits
   */
  Owner(
      EventLoop eventLoop,
      Backplane backplane,
      Watch watch,
      HubMetrics metrics,
      HubSettings settings,
      int owners) {
    loop = new OwnerLoop(eventLoop, backplane, watch, metrics, settings, owned, owners, log);
    lingerNanos = settings.linger().toNanos();
  }

  EventLoop loop() {
    return loop.eventLoop;
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
    OwnedDestination entry = new OwnedDestination(destination, loop);
    owned.put(destination, entry);
    try {
      if (destination.ordered()) {
        loop.checks.add(entry, loop.ticks());
      }
      loop.backplane.subscribe(destination).thenRun(entry::confirmed);
      return entry;
    } catch (Throwable e) {
      owned.remove(destination);
      entry.end();
      throw e;
    }
  }

  /** A shard has lost its last subscriber. The backplane subscription lingers for new ones. */
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
          releaseAfter(lingerNanos, entry);
        } else {
          forget(entry);
        }
      }
    }
  }

  /** A subscription of a joined topic requests history. */
  void catchUp(Joiner joiner) {
    OwnedDestination entry = owned.get(joiner.topic().destination);
    if (entry != null) {
      entry.catchUp(joiner);
    }
  }

  /** The next publication of its destination, as counted in the backlog. */
  void received(Arrival arrival) {
    Publication publication = arrival.publication();
    loop.metrics.backlogBytes.addAndGet(-publication.memoryBytes());
    OwnedDestination entry = owned.get(publication.destination());
    if (entry != null) { // otherwise it was unsubscribed meanwhile
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

  /** Runs what is due; called every {@link #TICK}. */
  void tick() {
    loop.tick();
  }

  /**
   * A publication was dropped because the backlog is full. Its destination, which has an order, is
   * compared with the backplane when there is room again. Any thread.
   */
  void dropped(Destination destination) {
    loop.doubts.dropped(destination);
  }

  /** Any destination may have lost messages. Any thread; allocates no memory. */
  void doubtAll() {
    loop.doubts.all();
  }

  private void releaseAfter(long nanos, OwnedDestination entry) {
    try {
      var unused = loop.eventLoop.schedule(() -> release(entry), nanos, TimeUnit.NANOSECONDS);
    } catch (Throwable e) {
      failed("linger", "The subscription to {} is ended at once ({})", entry.destination, e);
      forget(entry);
    }
  }

  private void release(OwnedDestination entry) {
    long left = lingerNanos - (System.nanoTime() - entry.emptySince);
    if (!entry.topics.isEmpty()) {
      entry.lingers = false;
      linger(-1);
    } else if (left > 0) { // there were subscribers in the meantime
      releaseAfter(left, entry);
    } else {
      forget(entry);
    }
  }

  private void forget(OwnedDestination entry) {
    linger(-1);
    owned.remove(entry.destination);
    loop.memory.remove(entry);
    entry.end();
    unsubscribe(entry.destination);
  }

  private void unsubscribe(Destination destination) {
    try {
      loop.backplane.unsubscribe(destination);
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
    loop.metrics.failures.increment();
    log.error(cause + ' ' + e.getClass().getName(), sentence, destination, e.toString(), e);
  }

  private void linger(int more) {
    lingering += more;
    loop.metrics.lingering.addAndGet(more);
  }
}

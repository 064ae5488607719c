package io.drumline.hub;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.Receiver;
import io.drumline.loop.Periodic;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * The owners of all destinations, one per event loop. Passes publications and the shards' requests
 * to the destination's owner. Any thread.
 */
final class Owners implements Receiver {
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(Owners.class));
  private final List<Owner> owners = new ArrayList<>();
  private final HubMetrics metrics;
  private final Failures failures;
  private final Watch watch;
  private final long backlogLimit;

  Owners(
      Loops loops,
      Backplane backplane,
      Watch watch,
      HubSettings settings,
      HubMetrics metrics,
      Failures failures) {
    this.metrics = metrics;
    this.failures = failures;
    this.watch = watch;
    this.backlogLimit = settings.backlogLimit();
    for (EventLoop loop : loops.all()) {
      owners.add(new Owner(loop, backplane, watch, metrics, settings, loops.all().size()));
    }
  }

  /** Starts the periodic tasks. */
  void start(Periodic periodic) {
    for (Owner owner : owners) {
      periodic.every(owner.loop(), Owner.TICK, "owner_tick", owner::tick);
    }
  }

  @Override
  public void received(Publication publication) {
    int size = publication.memoryBytes();
    Owner owner = owner(publication.destination());
    if (metrics.backlogBytes.addAndGet(size) > backlogLimit) {
      metrics.backlogBytes.addAndGet(-size);
      drop(publication, owner);
      return;
    }
    metrics.publications.increment();
    Arrival arrival = new Arrival(publication, Frames.kindOf(publication), watch.now());
    try {
      owner.loop().execute(() -> owner.received(arrival));
    } catch (Throwable e) {
      metrics.backlogBytes.addAndGet(-size);
      metrics.dropped.increment();
      notHandedOver(owner, e);
    }
  }

  private void drop(Publication publication, Owner owner) {
    metrics.dropped.increment();
    if (publication.destination().ordered()) {
      owner.dropped(publication.destination());
    }
    log.warn(
        "backlog",
        "The backlog of messages has reached drumline.hub.backlog-limit ({} bytes): dropping a"
            + " message for {}; history repairs it for destinations that have one. The node is"
            + " too slow: see drumline_loop_delay_seconds, add nodes or raise the limit",
        backlogLimit,
        publication.destination());
  }

  /** The owner's destinations are soon compared with the backplane, which finds the message. */
  private void notHandedOver(Owner owner, Throwable e) {
    owner.doubtAll();
    failures.tell(e);
    log.error(
        "not handed over",
        "A message could not be handed to its event loop, and is read from history instead",
        e);
  }

  @Override
  public void interrupted(Destination destination) {
    Owner owner = owner(destination);
    try {
      owner.loop().execute(() -> owner.interrupted(destination));
    } catch (Throwable e) {
      notHandedOver(owner, e);
    }
  }

  /** A shard has its first subscriber, or joins again. */
  void join(ShardTopic topic) {
    Owner owner = owner(topic.destination);
    owner.loop().execute(() -> owner.join(topic));
  }

  /** A shard has lost its last subscriber. */
  void leave(ShardTopic topic) {
    Owner owner = owner(topic.destination);
    if (!owner.loop().isShuttingDown()) { // otherwise the node is stopping
      owner.loop().execute(() -> owner.leave(topic));
    }
  }

  /** A subscription requests history; its topic has called {@link #join} before. */
  void catchUp(Joiner joiner) {
    Owner owner = owner(joiner.topic().destination);
    owner.loop().execute(() -> owner.catchUp(joiner));
  }

  private Owner owner(Destination destination) {
    int hash = destination.hashCode();
    return owners.get(Math.floorMod(hash ^ (hash >>> 16), owners.size()));
  }
}

package io.drumline.hub;

import io.drumline.backplane.Backplane;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the order of the destinations that hash to one event loop, and this node's interest in
 * them: subscribed at the backplane while any shard has a subscriber, and a little longer. Touched
 * on its loop only.
 */
final class Owner {
  private final EventLoop loop;
  private final Backplane backplane;
  private final HubMetrics metrics;
  private final long lingerNanos;
  private final Map<Destination, Owned> owned = new HashMap<>();

  private static final class Owned {
    final List<ShardTopic> topics = new ArrayList<>(2);
    boolean live;
    boolean leaving;
    long emptySince;
  }

  Owner(EventLoop loop, Backplane backplane, HubMetrics metrics, long lingerNanos) {
    this.loop = loop;
    this.backplane = backplane;
    this.metrics = metrics;
    this.lingerNanos = lingerNanos;
  }

  EventLoop loop() {
    return loop;
  }

  /** A shard has its first subscriber. */
  void join(ShardTopic topic) {
    Owned entry = owned.get(topic.destination);
    if (entry == null) {
      entry = new Owned();
      owned.put(topic.destination, entry);
      Owned joined = entry;
      backplane.subscribe(topic.destination).thenRun(() -> loop.execute(() -> live(joined)));
    }
    entry.topics.add(topic);
    if (entry.live) {
      on(topic, topic::live);
    }
  }

  /** A shard has lost its last subscriber; others may come soon, so the subscription lingers. */
  void leave(ShardTopic topic) {
    Owned entry = owned.get(topic.destination);
    if (entry == null) {
      return;
    }
    entry.topics.remove(topic);
    if (entry.topics.isEmpty()) {
      entry.emptySince = System.nanoTime();
      if (!entry.leaving) {
        entry.leaving = true;
        releaseAfter(lingerNanos, topic.destination, entry);
      }
    }
  }

  /** A publication in its destination's order. */
  void received(Publication publication, Frames.Payload kind) {
    Owned entry = owned.get(publication.destination());
    if (entry == null) {
      return; // unsubscribed meanwhile
    }
    int size = Hub.sizeOf(publication);
    for (int i = 0; i < entry.topics.size(); i++) {
      ShardTopic topic = entry.topics.get(i);
      if (topic.shard.loop == loop) {
        topic.deliver(publication, kind);
      } else {
        metrics.backlogBytes.addAndGet(size);
        topic.shard.loop.execute(
            () -> {
              metrics.backlogBytes.addAndGet(-size);
              topic.deliver(publication, kind);
            });
      }
    }
  }

  private void live(Owned entry) {
    entry.live = true;
    entry.topics.forEach(topic -> on(topic, topic::live));
  }

  private void releaseAfter(long nanos, Destination destination, Owned entry) {
    var unused = loop.schedule(() -> release(destination, entry), nanos, TimeUnit.NANOSECONDS);
  }

  private void release(Destination destination, Owned entry) {
    long left = lingerNanos - (System.nanoTime() - entry.emptySince);
    if (!entry.topics.isEmpty()) {
      entry.leaving = false;
    } else if (left > 0) { // somebody was here in the meantime
      releaseAfter(left, destination, entry);
    } else {
      owned.remove(destination);
      backplane.unsubscribe(destination);
    }
  }

  private static void on(ShardTopic topic, Runnable task) {
    if (topic.shard.loop.inEventLoop()) {
      task.run();
    } else {
      topic.shard.loop.execute(task);
    }
  }
}

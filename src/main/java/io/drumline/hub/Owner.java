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
  private final long lingerMillis;
  private final Map<Destination, Owned> owned = new HashMap<>();

  private static final class Owned {
    final List<ShardTopic> topics = new ArrayList<>(2);
    boolean live;
    boolean leaving;
  }

  Owner(EventLoop loop, Backplane backplane, HubMetrics metrics, long lingerMillis) {
    this.loop = loop;
    this.backplane = backplane;
    this.metrics = metrics;
    this.lingerMillis = lingerMillis;
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
    if (entry.topics.isEmpty() && !entry.leaving) {
      entry.leaving = true;
      var unused =
          loop.schedule(
              () -> release(topic.destination, entry), lingerMillis, TimeUnit.MILLISECONDS);
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

  private void release(Destination destination, Owned entry) {
    entry.leaving = false;
    if (entry.topics.isEmpty()) {
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

package io.drumline.hub;

import io.drumline.hub.order.CatchUp;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.drumline.tracing.Delivery;
import io.netty.channel.EventLoop;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * From a destination's owner to the shards that have subscribers. What a shard cannot be given, as
 * its event loop takes no task or too much waits there, its subscribers catch up with; nothing is
 * thrown. Used on the owner's event loop.
 */
final class HandOver {
  /** Made beforehand: it may be needed many times a second. */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final Throwable BACKLOG_FULL =
      new IllegalStateException(
          "An event loop is too slow for its messages: drumline.hub.backlog-limit is reached");

  private final EventLoop loop;
  private final Watch watch;
  private final HubMetrics metrics;
  private final long backlogLimit;

  /**
   * @param loop the owner's
   * @param backlogLimit bytes that may wait for all event loops of the node
   */
  HandOver(EventLoop loop, Watch watch, HubMetrics metrics, long backlogLimit) {
    this.loop = loop;
    this.watch = watch;
    this.metrics = metrics;
    this.backlogLimit = backlogLimit;
  }

  /** The backplane delivers from now on. */
  void live(List<ShardTopic> topics) {
    for (int i = 0; i < topics.size(); i++) {
      ShardTopic topic = topics.get(i);
      try {
        on(topic, topic::live);
      } catch (Throwable e) {
        topic.unanswered(e);
      }
    }
  }

  /** Hands it over to every shard; one that cannot be given it is told to catch up. */
  void deliver(List<ShardTopic> topics, Arrival arrival) {
    Publication publication = arrival.publication();
    Frames.Payload kind = arrival.kind();
    long published = watch.published(publication);
    long handedOver = System.nanoTime();
    Delivery traced = trace(topics.size(), arrival, handedOver);
    for (int i = 0; i < topics.size(); i++) {
      ShardTopic topic = topics.get(i);
      if (topic.loop.eventLoop == loop) {
        topic.deliver(publication, kind);
        topic.flushes.measure(published, handedOver);
      } else {
        handOver(topic, publication, kind, published, handedOver);
      }
      if (traced != null) {
        trace(topic, traced); // behind the delivery
      }
    }
  }

  private void handOver(
      ShardTopic topic,
      Publication publication,
      Frames.Payload kind,
      long published,
      long handedOver) {
    if (topic.owed() != null) {
      return; // its subscribers catch up from before this one
    }
    int size = publication.memoryBytes();
    if (metrics.backlogBytes.addAndGet(size) > backlogLimit) {
      metrics.backlogBytes.addAndGet(-size);
      topic.owe(publication, BACKLOG_FULL);
      return;
    }
    try {
      topic.loop.eventLoop.execute(
          () -> {
            topic.taken();
            metrics.backlogBytes.addAndGet(-size);
            topic.deliver(publication, kind);
            topic.flushes.measure(published, handedOver);
          });
      topic.handedOver();
    } catch (Throwable e) {
      metrics.backlogBytes.addAndGet(-size);
      topic.owe(publication, e);
    }
  }

  private @Nullable Delivery trace(int shards, Arrival arrival, long handedOver) {
    try {
      return watch.trace(arrival, handedOver, shards);
    } catch (Throwable e) { // a lost span is no lost message
      return null;
    }
  }

  private void trace(ShardTopic topic, Delivery traced) {
    try {
      on(topic, () -> topic.flushes.trace(traced));
    } catch (Throwable e) {
      traced.written();
    }
  }

  /** Tells every shard of a gap. */
  void gap(List<ShardTopic> topics, Gap gap) {
    metrics.gap(gap.reason());
    for (int i = 0; i < topics.size(); i++) {
      ShardTopic topic = topics.get(i);
      if (topic.owed() == null) {
        try {
          inOrder(topic, () -> topic.deliver(gap));
        } catch (Throwable e) {
          topic.owe(gap, e);
        }
      }
    }
  }

  /**
   * Answers one that catches up. While the topic is owed something, what comes behind this answer
   * is not handed over: it has to ask once more.
   */
  void admit(Joiner joiner, CatchUp catchUp) {
    ShardTopic topic = joiner.topic();
    Object owed = topic.owed();
    CatchUp answer = owed == null ? catchUp : catchUp.withoutLive();
    try {
      inOrder(
          topic,
          () -> {
            try {
              topic.settleBefore(owed); // the others are not where this one is
              joiner.subscription().take(joiner.question(), answer);
            } catch (Throwable e) {
              topic.unanswered(e);
            }
          });
    } catch (Throwable e) {
      topic.unanswered(e);
    }
  }

  /** Behind all that was handed over before, and counted with it. */
  private static void inOrder(ShardTopic topic, Runnable task) {
    if (topic.loop.eventLoop.inEventLoop()) {
      task.run();
    } else {
      topic.loop.eventLoop.execute(
          () -> {
            topic.taken();
            task.run();
          });
      topic.handedOver();
    }
  }

  private static void on(ShardTopic topic, Runnable task) {
    if (topic.loop.eventLoop.inEventLoop()) {
      task.run();
    } else {
      topic.loop.eventLoop.execute(task);
    }
  }
}

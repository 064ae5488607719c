package io.drumline.hub;

import io.drumline.hub.order.CatchUp;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.drumline.tracing.Delivery;
import io.netty.channel.EventLoop;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Passes publications from a destination's owner to the shards that have subscribers. If a shard's
 * event loop rejects a task, or the backlog is full, the shard's subscribers catch up instead;
 * nothing is thrown. Used on the owner's event loop.
 */
final class HandOver {
  /** Created in advance: it may be needed many times a second. */
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
   * @param backlogLimit maximum bytes queued for all event loops of the node
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

  /** Passes a publication to every shard; if that fails for one, its subscribers catch up. */
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
        trace(topic, traced); // after the delivery
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
    } catch (Throwable e) { // a lost span is not a lost message
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

  /** Passes a gap to every shard. */
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
   * Answers a subscription that catches up. While the topic is owed something, later publications
   * are not passed to it, so the answer excludes live messages and the subscription must ask again.
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
              topic.settleBefore(owed); // the other members are not at this position
              joiner.subscription().take(joiner.question(), answer);
            } catch (Throwable e) {
              topic.unanswered(e);
            }
          });
    } catch (Throwable e) {
      topic.unanswered(e);
    }
  }

  /** Runs a task after everything passed before, and counts it. */
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

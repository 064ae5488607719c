package io.drumline.hub;

import io.drumline.hub.order.CatchUpStep;
import io.drumline.hub.order.Start;
import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The connections and subscriptions of one event loop. Used on that loop only. */
final class Shard implements ConnectionHost, TopicHost {
  private static final Duration SAMPLE = Duration.ofSeconds(1);
  private static final Duration TICK = Duration.ofMillis(Wheel.TICK_MILLIS);

  final ShardLoop loop;
  final Connections connections;
  final Flushes flushes;
  final PauseFence fence;
  private final Periodic periodic;
  private final OutboundPayments payments;
  private final Owners owners;
  private final Map<Destination, ShardTopic> topics = new HashMap<>();

  // Created once: recovery from a lack of memory should not allocate.
  private final Runnable repair = this::repair;
  private final BooleanSupplier repairTopics = this::repairTopics;

  private long lastTick = System.nanoTime();

  /**
   * @param pauseLimit how long the process may be paused
   * @param payments the budget's payments, in which this shard takes part
   */
  Shard(
      ShardLoop loop,
      Periodic periodic,
      Watchdog watchdog,
      Duration pauseLimit,
      OutboundPayments payments,
      Owners owners) {
    this.loop = loop;
    this.periodic = periodic;
    this.payments = payments;
    this.owners = owners;
    this.connections = new Connections(loop);
    this.flushes = new Flushes(loop, payments);
    this.fence = new PauseFence(connections, loop.metrics, watchdog, pauseLimit.toNanos());
    payments.add(new SlowConsumers(loop, connections));
  }

  /** Starts the periodic tasks. Any thread. */
  void start() {
    loop.eventLoop.execute(
        () -> {
          lastTick = System.nanoTime();
          fence.ticked(lastTick);
          loop.counts.ticking(periodic.every(loop.eventLoop, TICK, "loop_tick", this::tick));
          periodic.every(loop.eventLoop, SAMPLE, "queue_sample", connections::sampleQueues);
        });
  }

  Subscription subscribe(
      Connection connection,
      Destination destination,
      FrameFormat format,
      Start start,
      @Nullable Consumer<Publication> observer) {
    ShardTopic topic = topic(destination);
    GroupKey key = new GroupKey(format, connection.compression(), start.continuity());
    Subscriber subscriber = connections.subscriber(connection);
    Subscription subscription = new Subscription(subscriber, topic, key, start, observer);
    if (start.joins()) {
      topic.addLater(subscription);
      try {
        subscriber.catchUp(subscription);
      } catch (Throwable e) {
        subscription.failed(e);
      }
      return subscription;
    }
    try {
      topic.join();
      topic.add(subscription);
      return subscription;
    } catch (Throwable e) {
      subscriber.unsubscribed();
      topic.waitsNoMore(subscription);
      subscriber.done(subscription);
      topic.forgetIfEmpty();
      throw e;
    }
  }

  private ShardTopic topic(Destination destination) {
    ShardTopic known = topics.get(destination);
    if (known != null) {
      return known;
    }
    ShardTopic topic = newTopic(destination);
    topics.put(destination, topic);
    loop.counts.topics(topics.size());
    return topic;
  }

  /** Creates a topic that is not registered. */
  ShardTopic newTopic(Destination destination) {
    return new ShardTopic(loop, flushes, fence, this, destination);
  }

  @Override
  public void join(ShardTopic topic) {
    owners.join(topic);
  }

  @Override
  public void catchUp(Subscription subscription, int question, Start start, CatchUpStep step) {
    owners.catchUp(new Joiner(subscription, question, start, step));
  }

  @Override
  public void forget(ShardTopic topic) {
    topics.remove(topic.destination);
    loop.counts.topics(topics.size());
    if (topic.hasJoined()) {
      owners.leave(topic);
    }
  }

  void add(Connection connection) {
    connections.add(connection);
  }

  @Override
  public void flushLater(Connection connection) {
    flushes.dirty(connection);
  }

  @Override
  public void ended(Connection connection) {
    connections.remove(connection);
  }

  private void tick() {
    try {
      long now = System.nanoTime();
      loop.metrics.loopDelay.record(
          Math.max(0, now - lastTick - TICK.toNanos()), TimeUnit.NANOSECONDS);
      fence.check(now);
      lastTick = now;
      fence.ticked(now);
      loop.repairs.tick(loop.eventLoop, repair);
      loop.queues.sweep();
      payments.payIfOver();
      loop.ticked();
      connections.tick();
    } finally {
      loop.wheel.advance();
    }
  }

  /** Makes all subscriptions with failed deliveries catch up. */
  void repair() {
    loop.repairs.run(repairTopics);
  }

  private boolean repairTopics() {
    boolean repaired = true;
    for (ShardTopic topic : List.copyOf(topics.values())) {
      repaired &= topic.repair();
    }
    return repaired;
  }
}

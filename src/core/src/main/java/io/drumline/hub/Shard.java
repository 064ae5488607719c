package io.drumline.hub;

import io.drumline.hub.order.Start;
import io.drumline.loop.PeriodicTask;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The connections and subscriptions of one event loop. All of it is touched on that loop only; the
 * counts at the end are written there and read anywhere.
 */
final class Shard {
  private static final Duration SAMPLE = Duration.ofSeconds(1);
  private static final Duration TICK = Duration.ofMillis(Wheel.TICK_MILLIS);

  /** The pause before a repair. */
  static final int REPAIR_MILLIS = Wheel.TICK_MILLIS;

  final EventLoop loop;
  final Wheel wheel;
  private final Hub hub;
  private final ByteBufAllocator alloc;
  private final OutboundQueues queues;
  private final FrameEncoder encoder = new FrameEncoder();
  private final Map<Destination, ShardTopic> topics = new HashMap<>();
  private final List<Connection> connections = new ArrayList<>();
  final Flushes flushes;
  final PauseFence fence;
  private final Repairs repairs;
  private long lastTick = System.nanoTime();

  private volatile @Nullable PeriodicTask ticking;

  /** Connections with subscriptions that are not live yet. */
  private final Set<CatchUps> joining = new LinkedHashSet<>();

  private long ticks;

  private volatile int connectionCount;
  private volatile int subscriptionCount;
  private volatile int topicCount;
  private volatile long queueBytes;

  Shard(EventLoop loop, Hub hub) {
    this(loop, hub, PooledByteBufAllocator.DEFAULT);
  }

  /**
   * @param alloc where frames are written
   */
  Shard(EventLoop loop, Hub hub, ByteBufAllocator alloc) {
    this.loop = loop;
    this.hub = hub;
    this.alloc = alloc;
    this.wheel = new Wheel(hub.periodic().guard("timer"));
    this.queues = new OutboundQueues(hub.budget());
    this.flushes = new Flushes(this);
    this.fence = new PauseFence(this, hub.watchdog(), hub.pauseLimitNanos());
    this.repairs = new Repairs(this);
  }

  /** Begins to look at the clock. */
  void start() {
    loop.execute(
        () -> {
          lastTick = System.nanoTime();
          fence.ticked(lastTick);
          ticking = hub.periodic().every(loop, TICK, "loop_tick", this::tick);
          hub.periodic().every(loop, SAMPLE, "queue_sample", this::sampleQueues);
        });
  }

  Subscription subscribe(
      Connection connection,
      Destination destination,
      FrameFormat format,
      Start start,
      @Nullable Consumer<Publication> observer) {
    ShardTopic topic = topic(destination);
    Group.Key key = new Group.Key(format, connection.deflate(), start.continuity());
    Subscription subscription = new Subscription(connection, topic, key, start, observer);
    if (start.joins()) {
      topic.addLater(subscription);
      try {
        connection.catchUps().add(subscription);
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
      connection.subscriptions--;
      topic.waitsNoMore(subscription);
      connection.done(subscription);
      topic.forgetIfEmpty();
      throw e;
    }
  }

  private ShardTopic topic(Destination destination) {
    ShardTopic known = topics.get(destination);
    if (known != null) {
      return known;
    }
    ShardTopic topic = new ShardTopic(this, destination);
    topics.put(destination, topic);
    topicCount = topics.size();
    return topic;
  }

  /** Joins the destination's owner again: it may not have taken notice, or not have answered. */
  void join(ShardTopic topic) {
    hub.join(topic);
  }

  /** A subscription that catches up asks the destination's owner for what comes next. */
  void resume(Joiner joiner) {
    joiner.topic().join();
    hub.resume(joiner);
  }

  /** The topic's last subscriber has left. */
  void forget(ShardTopic topic) {
    topics.remove(topic.destination);
    topicCount = topics.size();
    if (topic.hasJoined()) {
      hub.leave(topic);
    }
  }

  void add(Connection connection) {
    connection.index = connections.size();
    connections.add(connection);
    connectionCount = connections.size();
  }

  void remove(Connection connection) {
    Connection last = connections.remove(connections.size() - 1);
    if (last != connection) {
      connections.set(connection.index, last);
      last.index = connection.index;
    }
    connectionCount = connections.size();
    connection.forgetJoins(joining);
    if (connections.isEmpty()) {
      queues.sweep(); // there may be no tick any more
    }
  }

  void closeAll(CloseCode code, String reason) {
    List.copyOf(connections).forEach(connection -> connection.close(code, reason));
  }

  /** A connection, and what it weighed when it was asked. */
  record Weighed(Connection connection, long weight) {}

  List<Weighed> weigh() {
    return open().stream().map(connection -> new Weighed(connection, connection.weight())).toList();
  }

  List<Connection> open() {
    return connections.stream().filter(Connection::open).toList();
  }

  void subscribed(int change) {
    subscriptionCount = subscriptionCount() + change;
  }

  ByteBufAllocator alloc() {
    return alloc;
  }

  FrameEncoder encoder() {
    return encoder;
  }

  HubMetrics metrics() {
    return hub.metrics();
  }

  long outboundLimit() {
    return hub.outboundLimit();
  }

  int connectionCount() {
    return connectionCount;
  }

  int subscriptionCount() {
    return subscriptionCount;
  }

  int topicCount() {
    return topicCount;
  }

  long queueBytes() {
    return queueBytes;
  }

  /** The end of a flush. */
  void flushed() {
    queues.flushed();
    keepBudget();
  }

  /** A buffer waits in outbound queues; takes a reference over. */
  void queued(ByteBuf buffer, long now) {
    try {
      queues.queued(buffer, now);
    } catch (Throwable e) {
      repairLater(e);
    }
  }

  OutboundQueues queues() {
    return queues;
  }

  /** Lets go what was sent since the last flush. */
  void sweepQueues() {
    queues.sweep();
  }

  private void keepBudget() {
    if (hub.budget().over()) {
      hub.payments().pay(System.nanoTime());
    }
  }

  /**
   * Hurries those that are closed.
   *
   * @return {@link OutboundQueues#oldest}
   */
  long oldestQueued() {
    return queues.oldest(connections);
  }

  /** Closes connections: {@link OutboundQueues#pay}. */
  long payOutbound(long until) {
    return queues.pay(connections, until);
  }

  /**
   * Something was not delivered: it is repaired at the next tick, when there may be memory again.
   * Any thread; needs no memory.
   */
  void repairLater(Throwable e) {
    repairs.later(e);
  }

  /** Tells who asked for it that something has failed, and no more. Any thread; throws nothing. */
  void tell(Throwable e) {
    try {
      hub.failed(e);
    } catch (Throwable ignored) { // nothing may be left halfway for it
    }
  }

  /** A message of a destination without history could not be delivered to somebody. Any thread. */
  void lost(Throwable e) {
    repairLater(e);
    metrics().dropped.increment();
  }

  /** Has all subscriptions that were not given something catch up. */
  void repair() {
    repairs.repair();
  }

  /** Of this moment. */
  List<ShardTopic> topics() {
    return List.copyOf(topics.values());
  }

  /** Ticks of 100 ms, for those who join: they stand still with the loop. */
  long ticks() {
    return ticks;
  }

  /** This connection has subscriptions that are not live yet. */
  void joining(CatchUps catchUps) {
    joining.add(catchUps);
  }

  private void tickJoins() {
    ticks++;
    if (joining.isEmpty()) {
      return;
    }
    try {
      joining.removeIf(CatchUps::endIfIdle);
      List.copyOf(joining).forEach(CatchUps::tick); // a tick may add others
    } catch (Throwable e) {
      tell(e); // and the next tick goes on
    }
  }

  private void tick() {
    try {
      long now = System.nanoTime();
      metrics()
          .loopDelay
          .record(Math.max(0, now - lastTick - TICK.toNanos()), TimeUnit.NANOSECONDS);
      fence.check(now);
      lastTick = now;
      fence.ticked(now);
      repairs.tick();
      sweepQueues();
      keepBudget();
      tickJoins();
    } finally {
      wheel.advance();
    }
  }

  /** Time since this loop has last come to its periodic tasks; zero before the first. */
  Duration tickAge() {
    PeriodicTask task = ticking;
    return task == null ? Duration.ZERO : task.age();
  }

  private void sampleQueues() {
    long sum = 0;
    for (Connection connection : connections) {
      connection.queue().changed();
      sum += connection.queue().bytes();
    }
    queueBytes = sum;
  }
}

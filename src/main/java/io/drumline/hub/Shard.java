package io.drumline.hub;

import io.drumline.loop.PeriodicTask;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.drumline.tracing.Delivery;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections and subscriptions of one event loop. All of it is touched on that loop only; the
 * counts at the end are written there and read anywhere.
 *
 * <p>Flush once: the first write of a turn schedules one flush behind the tasks that already wait,
 * so that everything they deliver goes out in the same system calls. Nothing waits for a timer.
 */
final class Shard {
  private static final Logger log = LoggerFactory.getLogger(Shard.class);
  private static final Duration SAMPLE = Duration.ofSeconds(1);
  private static final Duration TICK = Duration.ofMillis(Wheel.TICK_MILLIS);

  /** The pause before a repair. */
  static final int REPAIR_MILLIS = Wheel.TICK_MILLIS;

  final EventLoop loop;
  final Wheel wheel;
  private final ThrottledLog throttled = new ThrottledLog(log);
  private final Hub hub;
  private final ByteBufAllocator alloc;
  private final OutboundQueues queues;
  private final FrameEncoder encoder = new FrameEncoder();
  private final Map<Destination, ShardTopic> topics = new HashMap<>();
  private final List<Connection> connections = new ArrayList<>();
  private List<Group> dirtyGroups = new ArrayList<>();
  private List<Group> flushedGroups = new ArrayList<>();
  private List<Connection> dirtyConnections = new ArrayList<>();
  private List<Connection> flushedConnections = new ArrayList<>();
  private boolean flushScheduled;

  // Made once: what brings things in order after a lack of memory should not need any.
  private final Runnable flush = this::flush;
  private final Runnable repair = this::repair;

  /** Something was not delivered, and is looked after at the next tick. */
  private volatile boolean repairWanted;

  private volatile @Nullable Throwable failure;

  /** What waits for the flush and is traced. */
  private final List<Delivery> traced = new ArrayList<>();

  /** Of what waits for the flush: when the first was published, if known, and handed over; or 0. */
  private long firstPublished;

  private long firstHandedOver;
  private long lastTick = System.nanoTime();

  /** As {@link #lastTick}, but moved on whenever a pause limit has passed without a tick. */
  private long busySince = lastTick;

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
  }

  /** Begins to look at the clock. */
  void start() {
    loop.execute(
        () -> {
          lastTick = System.nanoTime();
          busySince = lastTick;
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
      connection.catchUps().done(subscription);
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

  void dirty(Group group) {
    dirtyGroups.add(group);
    scheduleFlush();
  }

  void dirty(Connection connection) {
    dirtyConnections.add(connection);
    scheduleFlush();
  }

  void subscribed(int change) {
    subscriptionCount = subscriptionCount() + change;
  }

  /**
   * A publication was just delivered to a topic: the flush that writes it is measured from here.
   *
   * @param published {@link System#nanoTime} of its publishing, or 0 where that is not known
   * @param handedOver the same of its hand-over by its owner
   */
  void measure(long published, long handedOver) {
    if (!flushScheduled) {
      return; // it was for nobody here
    }
    if (firstPublished == 0) {
      firstPublished = published;
    }
    if (firstHandedOver == 0) {
      firstHandedOver = handedOver;
    }
  }

  /** A publication that was just delivered to a topic is traced up to the flush that writes it. */
  void trace(Delivery delivery) {
    if (flushScheduled) {
      traced.add(delivery);
    } else {
      delivery.written(); // already, or it was for nobody here
    }
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

  private void scheduleFlush() {
    if (!flushScheduled) {
      loop.execute(flush);
      flushScheduled = true;
    }
  }

  private void flush() {
    flushScheduled = false;
    // Two lists in turn: a flush may make others dirty, and those wait for the next one.
    List<Group> groups = dirtyGroups;
    dirtyGroups = flushedGroups;
    flushedGroups = groups;
    for (int i = 0; i < groups.size(); i++) {
      try {
        groups.get(i).flush();
      } catch (Throwable e) {
        failed(e);
      }
    }
    groups.clear();
    List<Connection> written = dirtyConnections;
    dirtyConnections = flushedConnections;
    flushedConnections = written;
    for (int i = 0; i < written.size(); i++) {
      Connection connection = written.get(i);
      try {
        connection.flush();
      } catch (Throwable e) {
        connection.abort(e);
      }
    }
    written.clear();
    try {
      queues.flushed();
      keepBudget();
      recordFlush();
    } catch (Throwable e) {
      failed(e);
    }
  }

  /** A buffer waits in outbound queues; takes a reference over. */
  void queued(ByteBuf buffer, long now) {
    try {
      queues.queued(buffer, now);
    } catch (Throwable e) {
      failed(e);
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

  private void recordFlush() {
    long handedOver = firstHandedOver;
    long published = firstPublished;
    firstHandedOver = 0;
    firstPublished = 0;
    if (handedOver != 0) {
      long now = System.nanoTime();
      metrics().fanout.record(now - handedOver, TimeUnit.NANOSECONDS);
      if (published != 0) {
        metrics().deliver.record(now - published, TimeUnit.NANOSECONDS);
      }
    }
    if (!traced.isEmpty()) {
      try {
        traced.forEach(Delivery::written);
      } finally {
        traced.clear();
      }
    }
  }

  /**
   * Something was not delivered: it is repaired at the next tick, when there may be memory again.
   * Any thread; needs no memory.
   */
  void repairLater(Throwable e) {
    failure = e;
    repairWanted = true;
    tell(e);
  }

  /** Something that does not concern what is delivered has failed. Any thread. */
  void failed(Throwable e) {
    repairLater(e); // which writes the log line
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
    failed(e);
    metrics().dropped.increment();
  }

  /** Has all subscriptions that were not given something catch up. */
  void repair() {
    if (!repairWanted) {
      return;
    }
    repairWanted = false;
    Throwable cause = failure;
    boolean repaired = true;
    try {
      for (ShardTopic topic : List.copyOf(topics.values())) {
        repaired &= topic.repair();
      }
      if (cause != null) {
        logFailure(cause);
      }
    } catch (Throwable e) {
      failure = e;
      repaired = false;
    }
    if (!repaired) {
      repairWanted = true;
    }
  }

  private void logFailure(Throwable cause) {
    failure = null;
    throttled.error(
        "delivery",
        "Messages could not be delivered ({}); {} subscriptions so far continue from their last"
            + " message",
        cause.toString(),
        metrics().repairs.sum(),
        cause);
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
      joining.removeIf(CatchUps::isIdle);
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
      fenceAfterPause(now);
      lastTick = now;
      busySince = now;
      if (repairWanted) {
        repairSoon();
      }
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

  private void repairSoon() {
    try {
      loop.execute(repair); // behind all that was handed over before
    } catch (Throwable e) {
      failure = e; // again at the next tick
    }
  }

  /**
   * Closes all connections if the process stood still for too long (it was stopped): their clients
   * may have gone on elsewhere, and nothing stale shall reach them. Called before each delivery,
   * since that may come before the next tick.
   *
   * <p>A loop that merely had work for so long is another thing: nobody is closed for it.
   */
  void fenceAfterPause(long now) {
    if (now - busySince <= hub.pauseLimitNanos()) {
      return;
    }
    long since = busySince;
    busySince = now; // closing a connection may deliver, and come here again
    try {
      fenceOrTell(since, now);
    } catch (Throwable e) {
      busySince = since; // the next one tries again
      throw e;
    }
  }

  private void fenceOrTell(long since, long now) {
    if (hub.watchdog().stoodStill(since)) {
      fence(now - since);
    } else {
      metrics().overloads.increment();
      throttled.warn(
          "busy",
          "This event loop did not come to its timers for {} ms: it has more work than it can do."
              + " No connection is closed for it; see drumline_loop_delay_seconds, and spread the"
              + " load over more nodes or CPUs",
          (now - lastTick) / 1_000_000);
    }
  }

  private void fence(long pauseNanos) {
    if (!connections.isEmpty()) {
      log.warn(
          "This node stood still for {} ms: closing {} connections, which may reconnect at once",
          pauseNanos / 1_000_000,
          connections.size());
      closeAll(CloseCode.STOOD_STILL, "This node stood still: reconnect.");
    }
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

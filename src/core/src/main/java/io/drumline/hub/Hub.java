package io.drumline.hub;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Receiver;
import io.drumline.hub.order.Start;
import io.drumline.loop.Periodic;
import io.drumline.loop.ThrottledLog;
import io.drumline.loop.Watchdog;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.drumline.tracing.Spans;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fans publications out to this node's subscribers.
 *
 * <p>A publication's way: backplane I/O thread ({@link #received}) → the destination's owner, the
 * event loop that keeps its order → every shard that has subscribers → one encoded frame per group
 * → the sockets.
 *
 * <p>Connections live on their channel's event loop; there are no locks.
 */
public final class Hub implements Receiver {
  private static final Logger log = LoggerFactory.getLogger(Hub.class);

  private static final long POLL_NANOS = 10_000_000;

  private final Periodic periodic;
  private final Watchdog watchdog;
  private final ThrottledLog throttled = new ThrottledLog(log);
  private final IdentityHashMap<EventLoop, Shard> shards = new IdentityHashMap<>();
  private final List<Owner> owners = new ArrayList<>();
  private final HubMetrics metrics;
  private final OutboundBudget budget;
  private final OutboundPayments payments;
  private final @Nullable Spans spans;
  private final long outboundLimit;
  private final long backlogLimit;
  private final long pauseLimitNanos;
  private final SecureRandom random = new SecureRandom();
  private volatile boolean draining;
  private volatile Consumer<Connection> greeter = connection -> {};
  private volatile Consumer<Throwable> failures = e -> {};

  /**
   * @param ids those that the backplane gives to this node's publications
   * @param spans null unless messages are traced
   */
  public Hub(
      EventLoops loops,
      Backplane backplane,
      MessageIds ids,
      HubSettings settings,
      MeterRegistry registry,
      @Nullable Spans spans) {
    this(loops.watched(), backplane, ids, settings, registry, spans);
  }

  /** The same, on loops of any kind. */
  Hub(
      Loops loops,
      Backplane backplane,
      MessageIds ids,
      HubSettings settings,
      MeterRegistry registry,
      @Nullable Spans spans) {
    this.periodic = loops.periodic();
    this.watchdog = loops.watchdog();
    this.spans = spans;
    outboundLimit = settings.outboundLimit();
    backlogLimit = settings.backlogLimit();
    pauseLimitNanos = settings.pauseLimit().toNanos();
    budget = new OutboundBudget(settings.nodeOutboundLimit());
    for (EventLoop loop : loops.all()) {
      shards.put(loop, new Shard(loop, this, loops.alloc()));
    }
    payments = new OutboundPayments(budget, List.copyOf(shards.values()));
    metrics = new HubMetrics(registry, List.copyOf(shards.values()), backlogLimit);
    metrics.outbound(registry, budget);
    // Not before there are metrics: a timer that comes first would find none.
    shards.values().forEach(Shard::start);
    Watch watch = new Watch(ids, spans);
    for (EventLoop loop : loops.all()) {
      Owner owner = new Owner(loop, backplane, watch, metrics, settings, shards.size());
      owners.add(owner);
      periodic.every(loop, Owner.TICK, "owner_tick", owner::tick);
    }
  }

  /**
   * Adopts an upgraded socket: limits its outbound queue and gives it an id.
   *
   * <p>Called on the channel's event loop, which must be one of the hub's.
   *
   * @param deflate whether permessage-deflate was negotiated, without context takeover
   */
  public Connection connect(Channel channel, boolean deflate) {
    Shard shard = shard(channel.eventLoop());
    if (shard == null) {
      throw new IllegalArgumentException("The channel is not on one of the hub's event loops");
    }
    Connection connection = new Connection(channel, shard, newId(), deflate);
    shard.add(connection);
    greeter.accept(connection);
    return connection;
  }

  /** Has this called with each new connection from now on, on its event loop. Any thread. */
  public void onConnect(Consumer<Connection> newcomers) {
    greeter = newcomers;
  }

  /**
   * Has this told of everything that fails unexpectedly in the hub, on the thread where it did; it
   * must not throw. Any thread.
   */
  public void onFailure(Consumer<Throwable> listener) {
    failures = listener;
  }

  /** Something has failed unexpectedly. Any thread. */
  void failed(Throwable e) {
    metrics.failures.increment();
    failures.accept(e);
  }

  /** Whether this node gives its connections up, and is to be given no new ones. Any thread. */
  public boolean draining() {
    return draining;
  }

  /** Says whether it does; closes nothing. Any thread. */
  public void draining(boolean on) {
    draining = on;
  }

  /**
   * Subscribes a connection; called on its event loop.
   *
   * @param start where it begins
   * @param observer called on the event loop for each publication, once, when it has been written;
   *     or null. If it throws, the connection is closed
   */
  public Subscription subscribe(
      Connection connection,
      Destination destination,
      FrameFormat format,
      Start start,
      @Nullable Consumer<Publication> observer) {
    return connection.shard().subscribe(connection, destination, format, start, observer);
  }

  @Override
  public void received(Publication publication) {
    int size = publication.memoryBytes();
    if (metrics.backlogBytes.addAndGet(size) > backlogLimit) {
      metrics.backlogBytes.addAndGet(-size);
      metrics.dropped.increment();
      if (publication.destination().ordered()) {
        owner(publication.destination()).dropped(publication.destination());
      }
      throttled.warn(
          "backlog",
          "The backlog of messages has reached drumline.hub.backlog-limit ({} bytes): dropping a"
              + " message for {}; history repairs it for destinations that have one. The node is"
              + " too slow: see drumline_loop_delay_seconds, add nodes or raise the limit",
          backlogLimit,
          publication.destination());
      return;
    }
    metrics.publications.increment();
    Frames.Payload kind = Frames.kindOf(publication);
    Owner owner = owner(publication.destination());
    long arrived = spans == null ? 0 : System.nanoTime();
    try {
      owner.loop().execute(() -> received(owner, publication, kind, size, arrived));
    } catch (Throwable e) {
      metrics.backlogBytes.addAndGet(-size);
      metrics.dropped.increment();
      notHandedOver(owner, e);
    }
  }

  /** The order of its destinations is compared with the backplane's soon, which brings it again. */
  private void notHandedOver(Owner owner, Throwable e) {
    owner.doubtAll();
    failed(e);
    throttled.error(
        "not handed over",
        "A message could not be handed to its event loop, and is read from history instead",
        e);
  }

  private void received(
      Owner owner, Publication publication, Frames.Payload kind, int size, long arrived) {
    metrics.backlogBytes.addAndGet(-size);
    owner.received(publication, kind, arrived);
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

  /** Open connections on this node. Any thread. */
  public int connectionCount() {
    return shards.values().stream().mapToInt(Shard::connectionCount).sum();
  }

  /**
   * The open connections of this node, the lightest first: those whose clients have the least to do
   * anew elsewhere, by subscriptions and by bytes that wait for them; in no order among equals. Any
   * thread; completes on an event loop.
   */
  public CompletableFuture<List<Connection>> lightestFirst() {
    return ofAllShards(Shard::weigh)
        .thenApply(
            weighed -> {
              weighed.sort(Comparator.comparingLong(Shard.Weighed::weight));
              return weighed.stream().map(Shard.Weighed::connection).toList();
            });
  }

  /** The open connections of this node, in no order. Any thread; completes on an event loop. */
  public CompletableFuture<List<Connection>> openConnections() {
    return ofAllShards(Shard::open);
  }

  /** What each shard answers on its event loop, in no order: the shards in turn. */
  private <T> CompletableFuture<List<T>> ofAllShards(Function<Shard, List<T>> question) {
    List<CompletableFuture<List<T>>> parts =
        shards.values().stream()
            .map(shard -> CompletableFuture.supplyAsync(() -> question.apply(shard), shard.loop))
            .toList();
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              List<T> answers = new ArrayList<>();
              parts.forEach(part -> answers.addAll(part.join()));
              Collections.shuffle(answers);
              return answers;
            });
  }

  /** Closes every connection with this code. Any thread; returns at once. */
  public void closeAll(CloseCode code, String reason) {
    shards.values().forEach(shard -> shard.loop.execute(() -> shard.closeAll(code, reason)));
  }

  /**
   * Waits until no connection is left, or for this long; returns whether none is. Not for event
   * loops.
   */
  public boolean awaitNoConnections(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (connectionCount() > 0) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    return true;
  }

  void join(ShardTopic topic) {
    Owner owner = owner(topic.destination);
    owner.loop().execute(() -> owner.join(topic));
  }

  void leave(ShardTopic topic) {
    Owner owner = owner(topic.destination);
    if (!owner.loop().isShuttingDown()) { // else the node's interest ends with the node
      owner.loop().execute(() -> owner.leave(topic));
    }
  }

  /** A subscription of a topic that was told to {@link #join} asks for its past. */
  void resume(Joiner joiner) {
    Owner owner = owner(joiner.topic().destination);
    owner.loop().execute(() -> owner.resume(joiner));
  }

  OutboundBudget budget() {
    return budget;
  }

  OutboundPayments payments() {
    return payments;
  }

  @Nullable Shard shard(EventLoop loop) {
    return shards.get(loop);
  }

  HubMetrics metrics() {
    return metrics;
  }

  Periodic periodic() {
    return periodic;
  }

  Watchdog watchdog() {
    return watchdog;
  }

  long pauseLimitNanos() {
    return pauseLimitNanos;
  }

  long outboundLimit() {
    return outboundLimit;
  }

  private Owner owner(Destination destination) {
    int hash = destination.hashCode();
    return owners.get(Math.floorMod(hash ^ (hash >>> 16), owners.size()));
  }

  private String newId() {
    return Long.toString(random.nextLong() >>> 1, Character.MAX_RADIX)
        + Long.toString(random.nextInt() & 0xFFFFFFFFL, Character.MAX_RADIX);
  }
}

package io.drumline.hub;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Receiver;
import io.drumline.hub.order.Start;
import io.drumline.hub.outbound.OutboundBudget;
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
  private static final long POLL_NANOS = 10_000_000;

  private final IdentityHashMap<EventLoop, Shard> shards = new IdentityHashMap<>();
  private final List<LoopCounts> counts;
  private final Loops loops;
  private final HubSettings settings;
  private final OutboundPayments payments;
  private final HubMetrics metrics;
  private final Failures failures;
  private final Owners owners;
  private final SecureRandom random = new SecureRandom();
  private volatile boolean draining;
  private volatile Consumer<Connection> greeter = connection -> {};

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
    this.loops = loops;
    this.settings = settings;
    OutboundBudget budget = new OutboundBudget(settings.nodeOutboundLimit());
    payments = new OutboundPayments(budget);
    counts = loops.all().stream().map(loop -> new LoopCounts()).toList();
    metrics = new HubMetrics(registry, counts, budget, settings.backlogLimit());
    failures = new Failures(metrics);
    owners = new Owners(loops, backplane, new Watch(ids, spans), settings, metrics, failures);
    for (int i = 0; i < counts.size(); i++) {
      EventLoop loop = loops.all().get(i);
      Shard shard = newShard(loop, counts.get(i));
      shards.put(loop, shard);
      shard.start();
    }
    owners.start(loops.periodic());
  }

  /** Has a shard on this event loop, which is not one of the hub's yet. */
  Shard newShard(EventLoop loop, LoopCounts loopCounts) {
    ShardLoop shardLoop =
        new ShardLoop(loop, loops, settings, payments.budget(), metrics, loopCounts, failures);
    return new Shard(
        shardLoop, loops.periodic(), loops.watchdog(), settings.pauseLimit(), payments, owners);
  }

  /**
   * Adopts an upgraded socket: limits its outbound queue and gives it an id.
   *
   * <p>Called on the channel's event loop, which must be one of the hub's.
   *
   * @param compression that was negotiated
   */
  public Connection connect(Channel channel, Compression compression) {
    Shard shard = shard(channel.eventLoop());
    if (shard == null) {
      throw new IllegalArgumentException("The channel is not on one of the hub's event loops");
    }
    Connection connection = new Connection(channel, shard.loop, shard, newId(), compression);
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
    failures.onFailure(listener);
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
    Shard shard = shards.get(connection.loop().eventLoop);
    if (shard == null) {
      throw new IllegalArgumentException("The connection is not one of this hub's");
    }
    return shard.subscribe(connection, destination, format, start, observer);
  }

  @Override
  public void received(Publication publication) {
    owners.received(publication);
  }

  @Override
  public void interrupted(Destination destination) {
    owners.interrupted(destination);
  }

  /** Open connections on this node. Any thread. */
  public int connectionCount() {
    return counts.stream().mapToInt(LoopCounts::connections).sum();
  }

  /**
   * The open connections of this node, the lightest first: those whose clients have the least to do
   * anew elsewhere, by subscriptions and by bytes that wait for them; in no order among equals. Any
   * thread; completes on an event loop.
   */
  public CompletableFuture<List<Connection>> lightestFirst() {
    return ofAllLoops(Connections::weigh)
        .thenApply(
            weighed -> {
              weighed.sort(Comparator.comparingLong(WeighedConnection::weight));
              return weighed.stream().map(WeighedConnection::connection).toList();
            });
  }

  /** The open connections of this node, in no order. Any thread; completes on an event loop. */
  public CompletableFuture<List<Connection>> openConnections() {
    return ofAllLoops(Connections::open);
  }

  /** What is answered on each event loop, in no order. */
  private <T> CompletableFuture<List<T>> ofAllLoops(Function<Connections, List<T>> question) {
    List<CompletableFuture<List<T>>> parts =
        shards.values().stream()
            .map(
                shard ->
                    CompletableFuture.supplyAsync(
                        () -> question.apply(shard.connections), shard.loop.eventLoop))
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
    for (Shard shard : shards.values()) {
      shard.loop.eventLoop.execute(() -> shard.connections.closeAll(code, reason));
    }
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

  OutboundPayments payments() {
    return payments;
  }

  @Nullable Shard shard(EventLoop loop) {
    return shards.get(loop);
  }

  HubMetrics metrics() {
    return metrics;
  }

  private String newId() {
    return Long.toString(random.nextLong() >>> 1, Character.MAX_RADIX)
        + Long.toString(random.nextInt() & 0xFFFFFFFFL, Character.MAX_RADIX);
  }
}

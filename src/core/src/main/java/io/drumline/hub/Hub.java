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
 * <p>The path of a publication: backplane I/O thread ({@link #received}) → the destination's owner,
 * the event loop that keeps its order → every shard that has subscribers → one encoded frame per
 * group → the connections.
 *
 * <p>A connection is used only on its channel's event loop, so there are no locks.
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
   * @param ids the message ids that the backplane assigns to this node's publications
   * @param spans null if messages are not traced
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

  /** The same, for any event loops. */
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

  /** Creates a shard for an event loop that is not yet one of the hub's. */
  Shard newShard(EventLoop loop, LoopCounts loopCounts) {
    ShardLoop shardLoop =
        new ShardLoop(loop, loops, settings, payments.budget(), metrics, loopCounts, failures);
    return new Shard(
        shardLoop, loops.periodic(), loops.watchdog(), settings.pauseLimit(), payments, owners);
  }

  /**
   * Registers an upgraded channel: limits its outbound queue and assigns a session id.
   *
   * <p>Called on the channel's event loop.
   *
   * @param compression the negotiated compression
   * @throws IllegalArgumentException if the channel's event loop is not one of the hub's
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

  /** Sets the callback for new connections; it runs on the connection's event loop. Any thread. */
  public void onConnect(Consumer<Connection> newcomers) {
    greeter = newcomers;
  }

  /**
   * Sets the listener for unexpected failures in the hub. It is called on the thread where the
   * failure happened and must not throw. Any thread.
   */
  public void onFailure(Consumer<Throwable> listener) {
    failures.onFailure(listener);
  }

  /**
   * Whether this node is draining: it closes its connections and accepts no new ones. Any thread.
   */
  public boolean draining() {
    return draining;
  }

  /** Sets the draining state; closes nothing. Any thread. */
  public void draining(boolean on) {
    draining = on;
  }

  /**
   * Subscribes a connection; called on its event loop.
   *
   * @param start where the subscription begins
   * @param observer called on the event loop once for each publication, after it has been written;
   *     or null. If it throws, the connection is closed
   * @throws IllegalArgumentException if the connection is not one of this hub's
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

  /** The number of open connections on this node. Any thread. */
  public int connectionCount() {
    return counts.stream().mapToInt(LoopCounts::connections).sum();
  }

  /**
   * The open connections of this node, lightest first: those with the fewest subscriptions and
   * queued bytes, which cost the least to move. Equal ones are in random order. Any thread;
   * completes on an event loop.
   */
  public CompletableFuture<List<Connection>> lightestFirst() {
    return ofAllLoops(Connections::weigh)
        .thenApply(
            weighed -> {
              weighed.sort(Comparator.comparingLong(WeighedConnection::weight));
              return weighed.stream().map(WeighedConnection::connection).toList();
            });
  }

  /** The open connections of this node, in random order. Any thread; completes on an event loop. */
  public CompletableFuture<List<Connection>> openConnections() {
    return ofAllLoops(Connections::open);
  }

  /** Collects the results of all event loops, in random order. */
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
   * Blocks until there are no connections or the timeout expires; returns false on timeout. Not for
   * event loops.
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

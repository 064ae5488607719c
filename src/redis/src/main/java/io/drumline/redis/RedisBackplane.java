package io.drumline.redis;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.BackplaneStatus;
import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.ControlListeners;
import io.drumline.backplane.History;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.Receiver;
import io.drumline.backplane.Retentions;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.SessionStore;
import io.drumline.loop.Periodic;
import io.drumline.loop.PeriodicTask;
import io.drumline.loop.TaskGuard;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.connection.ConnectionWatcher;
import io.drumline.redis.connection.EvictionCheck;
import io.drumline.redis.connection.RedisConnector;
import io.drumline.redis.connection.RedisLink;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.history.PageRequest;
import io.drumline.redis.history.PageRequest.MissingEpoch;
import io.drumline.redis.history.ReadScript;
import io.drumline.redis.publish.PendingPublications;
import io.drumline.redis.publish.PublishScript;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.settings.RedisTarget;
import io.drumline.redis.shard.ClusterShards;
import io.drumline.redis.shard.RedisShard;
import io.drumline.redis.shard.RedisShards;
import io.drumline.redis.shard.ShardContext;
import io.drumline.redis.shard.ShardWatcher;
import io.drumline.redis.shard.SingleShard;
import io.drumline.redis.state.CallLanes;
import io.drumline.redis.state.Generations;
import io.drumline.redis.state.RedisControl;
import io.drumline.redis.state.RedisRegistry;
import io.drumline.redis.state.RedisRevocations;
import io.drumline.redis.state.RedisSessions;
import io.drumline.redis.status.FailureReason;
import io.drumline.redis.status.Operation;
import io.drumline.redis.status.RedisMetrics;
import io.drumline.redis.status.RedisOutage;
import io.drumline.redis.status.RedisRefusals;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The backplane on Redis: one connection to publish (per master, if Redis is a cluster), and one
 * that is subscribed to the node's channels.
 *
 * <p>Threads: its own thread ({@code drumline-redis}) owns connections, subscriptions and sending;
 * Lettuce's I/O threads parse and pass on. Callers only enqueue.
 */
public final class RedisBackplane implements Backplane {
  private static final Duration EXPIRE_EVERY = Duration.ofMillis(200);

  /** Probe intervals without a rejected command after which a refusal is over. */
  private static final int QUIET_PROBES = 5;

  private static final Duration RECONCILE_EVERY = Duration.ofSeconds(30);
  private static final long CLOSE_SECONDS = 1;

  /** Maximum number of pending requests, without publications and reads. */
  private static final int MAX_CALLS =
      RedisSessions.MAX_CALLS
          + RedisControl.MAX_CALLS
          + RedisRegistry.MAX_CALLS
          + RedisRevocations.MAX_CALLS;

  private final RedisConnector connector;
  private final RedisSettings settings;
  private final MessageIds ids;
  private final RedisKeys keys;
  private final RedisMetrics metrics;
  private final RedisOutage outage;
  private final RedisRefusals refusals;
  private final EventExecutor owner;
  private final Periodic periodic;
  private final TaskGuard guard;
  private final List<PeriodicTask> tasks = new CopyOnWriteArrayList<>();
  private final RedisShards shards;
  private final RedisHealth health;
  private final ConnectionCheck check;
  private final RedisLink<StatefulRedisPubSubConnection<String, byte[]>> subscribing;
  private final InvalidEnvelopes invalid;
  private final CallLanes calls;
  private final RedisSessions sessions;
  private final RedisControl control;
  private final RedisRegistry registry;
  private final RedisRevocations revocations;
  private final AtomicBoolean closed = new AtomicBoolean();
  private @Nullable RedisSubscriber subscriber;

  /**
   * Creates a backplane that is not started yet.
   *
   * @throws IllegalArgumentException if the settings require something that this Redis does not
   *     support
   */
  public RedisBackplane(
      RedisTarget target,
      RedisSettings settings,
      Retentions retentions,
      MessageIds ids,
      MeterRegistry meters,
      Periodic periodic) {
    if (settings.minReplicas() > 0 && target.kind() == RedisTarget.Kind.CLUSTER) {
      throw new IllegalArgumentException("Replicas cannot be awaited on a Redis Cluster.");
    }
    this.periodic = periodic;
    guard = periodic.guard(RedisLink.GUARD);
    owner = new OwnerThread(guard);
    connector = new RedisConnector(target, settings, MAX_CALLS, guard);
    this.settings = settings;
    this.ids = ids;
    keys = RedisKeys.in(target.database(), settings.prefix());
    metrics = new RedisMetrics(meters);
    outage = new RedisOutage(target.place(), System::nanoTime);
    refusals =
        new RedisRefusals(
            target.place(),
            metrics,
            settings.probeInterval().multipliedBy(QUIET_PROBES),
            System::nanoTime);
    subscribing =
        new RedisLink<>(
            connector::connectPubSub,
            connection -> subscriber().attach(connection),
            settings.reconnectMax(),
            owner,
            new SubscribingWatcher(),
            guard);
    invalid = new InvalidEnvelopes(metrics);
    shards =
        shards(
            target,
            new ShardContext(
                settings,
                metrics,
                refusals,
                owner,
                new PublishScript(keys, ids, retentions, settings.publishTimeout()),
                new ReadScript(keys, ids, retentions, invalid),
                new PendingPublications(settings, metrics, refusals, guard),
                keys.probe(ids.incarnation()),
                new Watcher(),
                guard));
    health =
        new RedisHealth(
            target.place(), outage, refusals, shards, () -> subscribing.connection() != null);
    check = new ConnectionCheck(shards, subscribing);
    calls = new CallLanes(refusals, settings.commandTimeout(), owner, shards);
    Generations generations = new Generations();
    sessions = new RedisSessions(keys, ids.incarnation(), invalid, calls, generations);
    control = new RedisControl(keys, calls, new ControlListeners(meters), invalid);
    registry = new RedisRegistry(keys, calls, invalid, generations);
    revocations = new RedisRevocations(keys, calls);
    metrics.up(this::available);
    metrics.degraded(EvictionCheck.REASON, () -> health.eviction().isPresent());
  }

  @Override
  public void start(Receiver receiver) {
    subscriber =
        new RedisSubscriber(
            keys,
            keys.probe(ids.incarnation()),
            settings.commandTimeout(),
            invalid,
            owner,
            guard,
            receiver,
            check::returned,
            this::unsubscribed);
    subscriber.listen(keys.node(ids.incarnation()), sessions::noticed, () -> {});
    subscriber.listen(keys.control(), control::received, control::subscribed);
    owner.execute(shards::start);
    owner.execute(subscribing::open);
    tasks.add(periodic.every(owner, EXPIRE_EVERY, "redis_expire", this::expire));
    tasks.add(periodic.every(owner, settings.probeInterval(), "redis_check", check::run));
    tasks.add(periodic.every(owner, RECONCILE_EVERY, "redis_blocks", this::verifyBlocks));
  }

  /** Redis rejected a SUBSCRIBE, or the connection was lost before its answer. Any thread. */
  private void unsubscribed(
      StatefulRedisPubSubConnection<String, byte[]> connection, Throwable failure) {
    var unused = refusals.failed(Operation.SUBSCRIBE, failure);
    subscribing.lost(connection, FailureReason.of(failure));
  }

  private RedisShards shards(RedisTarget target, ShardContext context) {
    return target.kind() == RedisTarget.Kind.CLUSTER
        ? new ClusterShards(target.place(), connector::masters, connector::connect, keys, context)
        : new SingleShard(target.place(), connector::connect, context);
  }

  private RedisSubscriber subscriber() {
    if (subscriber == null) {
      throw new IllegalStateException("The backplane is not started.");
    }
    return subscriber;
  }

  /** The cluster's shared sessions, on the same connections. */
  public SessionStore sessions() {
    return sessions;
  }

  /** The cluster's blocks, on the same connections. */
  public Revocations revocations() {
    return revocations;
  }

  /** The cluster's control channel, on the same connections. */
  public ControlChannel control() {
    return control;
  }

  /** The cluster's nodes, on the same connections. */
  public NodeRegistry registry() {
    return registry;
  }

  @Override
  public CompletionStage<String> publish(Draft draft) {
    return shards.publish(draft);
  }

  private RedisShard shard(Destination destination) {
    return shards.of(keys.meta(destination));
  }

  @Override
  public CompletionStage<Void> subscribe(Destination destination) {
    return subscriber().subscribe(destination);
  }

  @Override
  public void unsubscribe(Destination destination) {
    subscriber().unsubscribe(destination);
  }

  @Override
  public CompletionStage<History> read(
      Destination destination, long after, int count, boolean begin) {
    MissingEpoch missing = begin ? MissingEpoch.BEGIN : MissingEpoch.LEAVE;
    return shard(destination).reader().read(new PageRequest(destination, after, count, missing));
  }

  @Override
  public boolean available() {
    return health.available();
  }

  @Override
  public BackplaneStatus status() {
    return health.status();
  }

  private void expire() {
    shards.expire();
    if (calls.wereReadOnly()) {
      shards.all().forEach(RedisShard::replace);
    }
  }

  /** Failures are retried later, and logged by RedisRefusals. */
  private void verifyBlocks() {
    if (available()) {
      var unused = reconcileBlocks().exceptionally(failure -> null);
    }
  }

  CompletionStage<Void> reconcileBlocks() {
    return revocations.reconcile();
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    tasks.forEach(PeriodicTask::cancel);
    CompletableFuture.supplyAsync(this::closeLinks, owner)
        .thenCompose(Function.identity())
        .completeOnTimeout(null, CLOSE_SECONDS, TimeUnit.SECONDS)
        .join();
    owner
        .shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    connector.close();
  }

  private CompletionStage<Void> closeLinks() {
    CompletionStage<Void> published = shards.close();
    CompletionStage<Void> subscribed = subscribing.close();
    return published.thenCombine(subscribed, (one, other) -> null);
  }

  private void anyConnected() {
    calls.resume();
    if (subscribing.connection() != null) {
      if (health.isWhole()) {
        outage.over();
      }
      check.run();
    }
  }

  private void anyDisconnected(String reason) {
    calls.resume();
    outage.lasts(reason);
    shards.refresh();
  }

  private final class Watcher implements ShardWatcher {
    @Override
    public void available() {
      anyConnected();
    }

    @Override
    public void restored() {
      sessions.interrupted();
    }

    @Override
    public void tried() {
      calls.resume();
    }

    @Override
    public void unavailable(String reason) {
      anyDisconnected(reason);
    }
  }

  private final class SubscribingWatcher implements ConnectionWatcher {
    private boolean lost;

    @Override
    public void connected() {
      if (lost) {
        metrics.reconnected();
      }
      refusals.accepted(Operation.SUBSCRIBE);
      anyConnected();
    }

    @Override
    public void disconnected(String reason) {
      lost = true;
      subscriber().detach();
      check.reset();
      anyDisconnected(reason);
    }
  }
}

package io.drumline.redis;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.ControlListeners;
import io.drumline.backplane.History;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.Receiver;
import io.drumline.backplane.Retentions;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.SessionStore;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The backplane on Redis: one connection to publish, one that is subscribed to what the node wants.
 *
 * <p>Threads: one of its own ({@code drumline-redis}) owns connections, subscriptions and what is
 * sent; Lettuce's I/O threads parse and hand over. Callers only enqueue.
 */
final class RedisBackplane implements Backplane {
  private static final long EXPIRE_EVERY_MILLIS = 200;
  private static final long CLOSE_SECONDS = 1;

  private final RedisConnector connector;
  private final RedisProperties properties;
  private final MessageIds ids;
  private final RedisKeys keys;
  private final RedisMetrics metrics;
  private final RedisOutage outage;
  private final EventExecutor owner =
      new DefaultEventExecutor(new DefaultThreadFactory("drumline-redis", true));
  private final RedisLink<StatefulConnection<String, byte[]>> publishing;
  private final RedisLink<StatefulRedisPubSubConnection<String, byte[]>> subscribing;
  private final RedisPublisher publisher;
  private final RedisReader reader;
  private final InvalidEnvelopes invalid;
  private final RedisCalls sessionCalls;
  private final RedisSessions sessions;
  private final RedisControl control;
  private final RedisCalls registryCalls;
  private final RedisRegistry registry;
  private final RedisCalls revocationCalls;
  private final RedisRevocations revocations;
  private final RedisProbe probe;
  private final AtomicBoolean closed = new AtomicBoolean();
  private @Nullable RedisSubscriber subscriber;

  RedisBackplane(
      RedisConnector connector,
      RedisProperties properties,
      Retentions retentions,
      MessageIds ids,
      MeterRegistry meters) {
    if (properties.minReplicas() > 0 && connector.isClusterAware()) {
      throw new IllegalArgumentException(
          "drumline.redis.min-replicas is not available on a Redis Cluster.");
    }
    this.connector = connector;
    this.properties = properties;
    this.ids = ids;
    keys = new RedisKeys(properties.prefix());
    metrics = new RedisMetrics(meters);
    outage = new RedisOutage(connector.place());
    publishing =
        new RedisLink<>(
            connector::connect, this::prepare, properties.reconnectMax(), owner, new Watcher());
    subscribing =
        new RedisLink<>(
            connector::connectPubSub,
            connection -> subscriber().attach(connection),
            properties.reconnectMax(),
            owner,
            new Watcher() {
              @Override
              public void down(String reason) {
                subscriber().detach();
                super.down(reason);
              }
            });
    publisher =
        new RedisPublisher(
            new PublishScript(keys, ids, retentions, properties.publishTimeout()),
            properties,
            metrics,
            owner,
            publishing::connection);
    invalid = new InvalidEnvelopes(metrics);
    reader =
        new RedisReader(
            new ReadScript(keys, ids, retentions, invalid),
            properties,
            metrics,
            owner,
            publishing::connection);
    sessionCalls = calls("The session cannot be opened now", RedisSessions.MAX_CALLS);
    sessions = new RedisSessions(keys, ids.incarnation(), invalid, sessionCalls);
    control =
        new RedisControl(
            keys,
            calls("The nodes cannot be told now", RedisControl.MAX_CALLS),
            new ControlListeners(meters),
            invalid);
    registryCalls = calls("The node cannot renew its lease now", RedisRegistry.MAX_CALLS);
    registry = new RedisRegistry(keys, registryCalls, invalid);
    revocationCalls = calls("Who is blocked cannot be looked up now", RedisRevocations.MAX_CALLS);
    revocations = new RedisRevocations(keys, revocationCalls);
    probe = new RedisProbe(keys.probe(ids.incarnation()), properties, metrics, owner);
    metrics.up(this::available);
  }

  @Override
  public void start(Receiver receiver) {
    subscriber =
        new RedisSubscriber(
            keys,
            keys.probe(ids.incarnation()),
            properties.commandTimeout(),
            invalid,
            owner,
            receiver,
            probe::returned,
            subscribing::lost);
    subscriber.listen(keys.node(ids.incarnation()), sessions::noticed, () -> {});
    subscriber.listen(keys.control(), control::received, control::subscribed);
    owner.execute(publishing::open);
    owner.execute(subscribing::open);
    every(EXPIRE_EVERY_MILLIS, this::expire);
    every(properties.probeInterval().toMillis(), this::check);
  }

  private RedisCalls calls(String refusal, int most) {
    return new RedisCalls(
        refusal, most, properties.commandTimeout(), owner, publishing::connection);
  }

  private void every(long millis, Runnable task) {
    var unused = owner.scheduleWithFixedDelay(task, millis, millis, TimeUnit.MILLISECONDS);
  }

  private CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    return publisher.prepare(connection).thenCombine(reader.prepare(connection), (one, two) -> two);
  }

  private RedisSubscriber subscriber() {
    if (subscriber == null) {
      throw new IllegalStateException("The backplane is not started.");
    }
    return subscriber;
  }

  /** The cluster's shared sessions, by the same connections. */
  SessionStore sessions() {
    return sessions;
  }

  /** The cluster's blocks, by the same connections. */
  Revocations revocations() {
    return revocations;
  }

  /** What the cluster's nodes tell each other, by the same connections. */
  ControlChannel control() {
    return control;
  }

  /** Who is alive in the cluster, by the same connections. */
  NodeRegistry registry() {
    return registry;
  }

  @Override
  public CompletionStage<String> publish(Draft draft) {
    return publisher.publish(draft);
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
    return reader.read(destination, after, count, begin);
  }

  @Override
  public boolean available() {
    return publishing.connection() != null && subscribing.connection() != null && probe.fresh();
  }

  private void expire() {
    publisher.expire();
    reader.expire();
    if (publisher.wasReadOnly()
        || sessionCalls.wasReadOnly()
        || registryCalls.wasReadOnly()
        || revocationCalls.wasReadOnly()) {
      publishing.replace("it is a read-only replica");
    }
  }

  /** Sends a probe, unless those before it show that a connection is dead. */
  private void check() {
    StatefulConnection<String, byte[]> connection = publishing.connection();
    if (connection == null || subscribing.connection() == null) {
      probe.reset();
      return;
    }
    switch (probe.verdict()) {
      case ALIVE -> {
        publishing.proved();
        subscribing.proved();
        probe.send(connection);
      }
      case PENDING -> probe.send(connection);
      case SUBSCRIBER_SILENT -> subscribing.replace("its pub/sub connection is silent");
      case PUBLISHER_SILENT -> publishing.replace("it does not answer");
    }
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    CompletableFuture.supplyAsync(this::closeLinks, owner)
        .thenCompose(Function.identity())
        .completeOnTimeout(null, CLOSE_SECONDS, TimeUnit.SECONDS)
        .join();
    owner
        .shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    connector.destroy();
  }

  private CompletionStage<Void> closeLinks() {
    CompletionStage<Void> published = publishing.close();
    CompletionStage<Void> subscribed = subscribing.close();
    publisher.close();
    reader.rejectWaiting();
    return published.thenCombine(subscribed, (one, other) -> null);
  }

  /** Says what becomes of the two connections as of one. */
  private class Watcher implements RedisLink.Watcher {
    private boolean lost;

    @Override
    public void up() {
      if (lost) {
        metrics.reconnects.increment();
      }
      if (publishing.connection() != null) {
        publisher.resume();
      }
      if (publishing.connection() != null && subscribing.connection() != null) {
        outage.over();
        check();
      }
    }

    @Override
    public void down(String reason) {
      lost = true;
      probe.reset();
      if (publishing.connection() == null) {
        publisher.rejectWaiting();
        reader.rejectWaiting();
      }
      outage.lasts(reason);
    }
  }
}

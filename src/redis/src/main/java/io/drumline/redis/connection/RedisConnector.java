package io.drumline.redis.connection;

import io.drumline.loop.TaskGuard;
import io.drumline.redis.command.Commands;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.settings.RedisTarget;
import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode.NodeFlag;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.EpollProvider;
import io.lettuce.core.resource.IOUringProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections to Redis (standalone, Sentinel's master, Cluster; TLS; credentials). It has its
 * own Lettuce client, because the backplane's options are not suitable for other users of Redis in
 * the application.
 */
public final class RedisConnector implements AutoCloseable {
  private static final int MOST_THREADS = 4;
  private static final int MOST_WAITING = 1024;

  private final RedisTarget target;
  private final ClientResources resources;
  private final AbstractRedisClient client;
  private final Activations activations;
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          MOST_THREADS,
          MOST_THREADS,
          10,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MOST_WAITING),
          new DefaultThreadFactory("drumline-redis-connect", true));

  /** Connects to single masters of a cluster, which the cluster's own client cannot do. */
  private @Nullable RedisClient single;

  /**
   * @param maxCalls maximum number of pending requests, without publications and reads
   * @param guard counts and logs errors of its connections
   */
  public RedisConnector(RedisTarget target, RedisSettings settings, int maxCalls, TaskGuard guard) {
    this.target = target;
    resources = AnswerGuard.resources(target.resources(), guard);
    activations = new Activations(settings.commandTimeout());
    threads.allowCoreThreadTimeOut(true);
    for (RedisURI uri : target.uris()) {
      uri.setTimeout(settings.commandTimeout());
      uri.getSentinels().forEach(sentinel -> sentinel.setTimeout(settings.commandTimeout()));
    }
    client = client(target, resources, settings, maxCalls);
    client.addListener(activations);
  }

  private static AbstractRedisClient client(
      RedisTarget target, ClientResources resources, RedisSettings settings, int maxCalls) {
    ClientOptions options = options(target.options(), settings, maxCalls);
    switch (target.kind()) {
      case SINGLE -> {
        RedisURI uri = target.uris().get(0);
        RedisClient client = RedisClient.create(resources, uri);
        client.setOptions(options);
        return client;
      }
      case CLUSTER -> {
        RedisClusterClient client = RedisClusterClient.create(resources, target.uris());
        client.setOptions(
            options instanceof ClusterClientOptions cluster
                ? cluster
                : ClusterClientOptions.builder(options).build());
        return client;
      }
    }
    throw new IllegalArgumentException(target.kind().name());
  }

  static ClientOptions options(ClientOptions given, RedisSettings settings, int maxCalls) {
    SocketOptions.Builder socket =
        given
            .getSocketOptions()
            .mutate()
            .connectTimeout(settings.commandTimeout())
            .keepAlive(
                SocketOptions.KeepAliveOptions.builder()
                    .enable()
                    .idle(Duration.ofSeconds(10))
                    .interval(Duration.ofSeconds(3))
                    .count(3)
                    .build());
    // On other systems, such as macOS, Lettuce rejects this option: only the probe detects dead
    // connections there.
    if (EpollProvider.isAvailable() || IOUringProvider.isAvailable()) {
      socket.tcpUserTimeout(
          SocketOptions.TcpUserTimeoutOptions.builder()
              .enable()
              .tcpUserTimeout(settings.tcpUserTimeout())
              .build());
    }
    return given
        .mutate()
        .socketOptions(socket.build())
        // RedisLink reconnects: Lettuce would resend commands that may have been executed, and
        // restore subscriptions that are no longer wanted.
        .autoReconnect(false)
        .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
        .protocolVersion(ProtocolVersion.RESP2)
        // A Redis that requires credentials rejects this PING; in a cluster, the next node is tried
        // then.
        .pingBeforeActivateConnection(true)
        // Twice, as a margin: the publisher has its own limit.
        .requestQueueSize(2 * settings.requestQueue() + maxCalls)
        // The publisher checks its own deadlines: no timer per command.
        .timeoutOptions(TimeoutOptions.create())
        .useHashIndexQueue(false)
        .build();
  }

  /**
   * The current masters of the cluster and their slots, including masters without slots unless the
   * cluster marks them as failed or without an address. The stage completes on any thread.
   */
  public CompletionStage<List<ClusterMaster>> masters() {
    RedisClusterClient cluster = (RedisClusterClient) client;
    // The first call reads the topology and blocks.
    return CompletableFuture.supplyAsync(cluster::getPartitions, threads)
        .thenCompose(known -> cluster.refreshPartitionsAsync())
        .thenApply(
            done ->
                cluster.getPartitions().stream()
                    .filter(node -> node.is(NodeFlag.UPSTREAM))
                    .filter(node -> !node.hasNoSlots() || isInUse(node))
                    .map(node -> new ClusterMaster(uri(node), node.getSlots()))
                    .toList());
  }

  private static boolean isInUse(RedisClusterNode node) {
    return !node.is(NodeFlag.FAIL) && !node.is(NodeFlag.HANDSHAKE) && !node.is(NodeFlag.NOADDR);
  }

  /**
   * The topology contains addresses only: credentials and TLS are those of the configured nodes.
   */
  private RedisURI uri(RedisClusterNode node) {
    return RedisURI.builder(target.uris().get(0))
        .withHost(node.getUri().getHost())
        .withPort(node.getUri().getPort())
        .build();
  }

  /** Opens a connection to a master; the stage completes on any thread. */
  public CompletionStage<StatefulConnection<String, byte[]>> connect(ClusterMaster master) {
    return single()
        .connectAsync(Commands.CODEC, master.uri())
        .<StatefulConnection<String, byte[]>>thenCompose(activations::await);
  }

  /** Opens a connection for publishing; the stage completes on any thread. */
  public CompletionStage<StatefulConnection<String, byte[]>> connect() {
    return open(
        () ->
            client instanceof RedisClusterClient cluster
                ? known(cluster).connectAsync(Commands.CODEC)
                : ((RedisClient) client).connectAsync(Commands.CODEC, target.uris().get(0)));
  }

  /** Opens a connection for subscribing; the stage completes on any thread. */
  public CompletionStage<StatefulRedisPubSubConnection<String, byte[]>> connectPubSub() {
    return open(
        () ->
            client instanceof RedisClusterClient cluster
                ? known(cluster).connectPubSubAsync(Commands.CODEC)
                : ((RedisClient) client).connectPubSubAsync(Commands.CODEC, target.uris().get(0)));
  }

  /** The topology must be known before connecting; reading it for the first time blocks. */
  private static RedisClusterClient known(RedisClusterClient cluster) {
    var unused = cluster.getPartitions();
    return cluster;
  }

  /**
   * Connects on a separate thread: reading a cluster's topology blocks and needs Lettuce's own
   * computation pool, and the common pool may be occupied by the application.
   */
  private <T extends StatefulConnection<String, byte[]>> CompletionStage<T> open(
      Supplier<CompletionStage<? extends T>> connection) {
    return CompletableFuture.supplyAsync(connection, threads)
        .thenCompose(opened -> opened.<T>thenApply(Function.identity()))
        .thenCompose(activations::await);
  }

  private synchronized RedisClient single() {
    RedisClient opened = single;
    if (opened == null) {
      opened = RedisClient.create(client.getResources());
      opened.setOptions(client.getOptions());
      opened.addListener(activations);
      single = opened;
    }
    return opened;
  }

  @Override
  public synchronized void close() {
    threads.shutdown();
    if (single != null) {
      single.shutdown(Duration.ZERO, target.shutdownTimeout());
      single = null;
    }
    client.shutdown(Duration.ZERO, target.shutdownTimeout());
    var unused = // except for shared ones
        resources.shutdown(0, target.shutdownTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }
}

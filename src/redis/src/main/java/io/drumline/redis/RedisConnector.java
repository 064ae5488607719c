package io.drumline.redis;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode.NodeFlag;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.util.StringUtils;

/**
 * Opens connections to the Redis that Spring Data is configured for (standalone, Sentinel's master,
 * Cluster; TLS; credentials), with a client of its own: the backplane's options are not for other
 * users of Redis in the application. Not a bean, so that it never stands in for Spring Boot's own
 * connection factory.
 */
final class RedisConnector extends LettuceConnectionFactory {
  static final RedisCodec<String, byte[]> CODEC =
      RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

  private static final int MOST_THREADS = 4;
  private static final int MOST_WAITING = 1024;

  private final Activations activations;
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          MOST_THREADS,
          MOST_THREADS,
          10,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MOST_WAITING),
          new DefaultThreadFactory("drumline-redis-connect", true));

  /** Connects to single masters of a cluster: the cluster's own client cannot. */
  private @Nullable RedisClient single;

  private RedisConnector(RedisConfiguration configuration, LettuceClientConfiguration client) {
    super(configuration, client);
    activations = new Activations(client.getCommandTimeout());
    threads.allowCoreThreadTimeOut(true);
  }

  /** A started connector to where {@code factory} connects. */
  static RedisConnector like(LettuceConnectionFactory factory, RedisProperties properties) {
    RedisConnector connector =
        new RedisConnector(redis(factory), client(factory.getClientConfiguration(), properties));
    connector.start();
    connector.getRequiredNativeClient().addListener(connector.activations);
    return connector;
  }

  private static RedisConfiguration redis(LettuceConnectionFactory factory) {
    if (factory.getClusterConfiguration() != null) {
      return factory.getClusterConfiguration();
    }
    if (factory.getSentinelConfiguration() != null) {
      return factory.getSentinelConfiguration();
    }
    return factory.getSocketConfiguration() != null
        ? factory.getSocketConfiguration()
        : factory.getStandaloneConfiguration();
  }

  private static LettuceClientConfiguration client(
      LettuceClientConfiguration given, RedisProperties properties) {
    var builder = LettuceClientConfiguration.builder();
    if (given.isUseSsl()) {
      var ssl = builder.useSsl().verifyPeer(given.getVerifyMode());
      if (given.isStartTls()) {
        ssl.startTls();
      }
    }
    given.getClientName().ifPresent(builder::clientName);
    given.getClientResources().ifPresent(builder::clientResources);
    given.getRedisCredentialsProviderFactory().ifPresent(builder::redisCredentialsProviderFactory);
    return builder
        .commandTimeout(properties.commandTimeout())
        .shutdownQuietPeriod(Duration.ZERO)
        .shutdownTimeout(given.getShutdownTimeout())
        .clientOptions(
            options(given.getClientOptions().orElseGet(ClientOptions::create), properties))
        .build();
  }

  private static ClientOptions options(ClientOptions given, RedisProperties properties) {
    SocketOptions socket =
        given
            .getSocketOptions()
            .mutate()
            .connectTimeout(properties.commandTimeout())
            .tcpUserTimeout(
                SocketOptions.TcpUserTimeoutOptions.builder()
                    .enable()
                    .tcpUserTimeout(properties.tcpUserTimeout())
                    .build())
            .keepAlive(
                SocketOptions.KeepAliveOptions.builder()
                    .enable()
                    .idle(Duration.ofSeconds(10))
                    .interval(Duration.ofSeconds(3))
                    .count(3)
                    .build())
            .build();
    return given
        .mutate()
        .socketOptions(socket)
        // RedisLink reconnects: Lettuce would send again what may have been published already, and
        // subscribe again to what is not wanted any more.
        .autoReconnect(false)
        .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
        .protocolVersion(ProtocolVersion.RESP2)
        // Twice, because the publisher bounds itself: this is for what it cannot know.
        .requestQueueSize(
            2 * properties.requestQueue()
                + RedisSessions.MAX_CALLS
                + RedisControl.MAX_CALLS
                + RedisRegistry.MAX_CALLS
                + RedisRevocations.MAX_CALLS)
        // The publisher watches its own deadlines: no timer per command.
        .timeoutOptions(TimeoutOptions.create())
        .useHashIndexQueue(false)
        .build();
  }

  /**
   * The masters of the cluster and their slots, asked anew; those without slots, unless the cluster
   * has given them up. The stage completes on any thread.
   */
  CompletionStage<List<ClusterShards.Master>> masters() {
    RedisClusterClient client = (RedisClusterClient) getRequiredNativeClient();
    // The first time it reads the topology while it waits.
    return CompletableFuture.supplyAsync(client::getPartitions, threads)
        .thenCompose(known -> client.refreshPartitionsAsync())
        .thenApply(
            done ->
                client.getPartitions().stream()
                    .filter(node -> node.is(NodeFlag.UPSTREAM))
                    .filter(node -> !node.hasNoSlots() || isInUse(node))
                    .map(node -> new ClusterShards.Master(uri(node), node.getSlots()))
                    .toList());
  }

  private static boolean isInUse(RedisClusterNode node) {
    return !node.is(NodeFlag.FAIL) && !node.is(NodeFlag.HANDSHAKE) && !node.is(NodeFlag.NOADDR);
  }

  /** The topology knows addresses only: credentials and TLS are as with those who told it. */
  private RedisURI uri(RedisClusterNode node) {
    LettuceClientConfiguration client = getClientConfiguration();
    RedisURI.Builder uri =
        RedisURI.Builder.redis(node.getUri().getHost(), node.getUri().getPort())
            .withSsl(client.isUseSsl())
            .withVerifyPeer(client.getVerifyMode())
            .withStartTls(client.isStartTls())
            .withTimeout(client.getCommandTimeout());
    client.getClientName().ifPresent(uri::withClientName);
    RedisClusterConfiguration cluster = getClusterConfiguration();
    if (cluster != null) {
      char[] password = cluster.getPassword().toOptional().orElse(new char[0]);
      if (StringUtils.hasText(cluster.getUsername())) {
        uri.withAuthentication(cluster.getUsername(), password);
      } else if (password.length > 0) {
        uri.withPassword(password);
      }
      client
          .getRedisCredentialsProviderFactory()
          .ifPresent(factory -> uri.withAuthentication(factory.createCredentialsProvider(cluster)));
    }
    return uri.build();
  }

  /** Opens a connection to one of them; the stage completes on any thread. */
  CompletionStage<StatefulConnection<String, byte[]>> connect(ClusterShards.Master master) {
    return single()
        .connectAsync(CODEC, master.uri())
        .<StatefulConnection<String, byte[]>>thenCompose(activations::await);
  }

  /** Opens a connection for publishing; the stage completes on any thread. */
  @SuppressWarnings("unchecked") // the provider was given the codec
  CompletionStage<StatefulConnection<String, byte[]>> connect() {
    return open(StatefulConnection.class)
        .thenApply(connection -> (StatefulConnection<String, byte[]>) connection);
  }

  /** Opens a connection for subscribing; the stage completes on any thread. */
  @SuppressWarnings("unchecked") // the provider was given the codec
  CompletionStage<StatefulRedisPubSubConnection<String, byte[]>> connectPubSub() {
    return open(StatefulRedisPubSubConnection.class)
        .thenApply(connection -> (StatefulRedisPubSubConnection<String, byte[]>) connection);
  }

  /**
   * Begins on a thread of its own: a cluster's topology is read blocking, by tasks of Lettuce's own
   * computation pool; and the common pool may be occupied by anybody.
   */
  private <T extends StatefulConnection<?, ?>> CompletionStage<T> open(Class<T> type) {
    return CompletableFuture.supplyAsync(
            () ->
                doCreateConnectionProvider(getRequiredNativeClient(), CODEC)
                    .getConnectionAsync(type),
            threads)
        .thenCompose(Function.identity())
        .thenCompose(activations::await);
  }

  private synchronized RedisClient single() {
    RedisClient client = single;
    if (client == null) {
      AbstractRedisClient cluster = getRequiredNativeClient();
      client = RedisClient.create(cluster.getResources());
      client.setOptions(cluster.getOptions());
      client.addListener(activations);
      single = client;
    }
    return client;
  }

  @Override
  public synchronized void destroy() {
    threads.shutdown();
    if (single != null) {
      single.shutdown(Duration.ZERO, getClientConfiguration().getShutdownTimeout());
      single = null;
    }
    super.destroy();
  }

  /** Where Redis is, for the log. */
  String place() {
    if (getClusterConfiguration() != null) {
      return "cluster " + getClusterConfiguration().getClusterNodes();
    }
    if (getSentinelConfiguration() != null) {
      return "the master of Sentinels " + getSentinelConfiguration().getSentinels();
    }
    return getSocketConfiguration() != null
        ? getSocketConfiguration().getSocket()
        : getHostName() + ':' + getPort();
  }
}

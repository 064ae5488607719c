package io.drumline.spring;

import io.drumline.redis.settings.RedisTarget;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisCredentialsProvider;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.ClusterClientOptions;
import java.util.List;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration.WithAuthentication;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisSocketConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConverters;
import org.springframework.util.StringUtils;

/**
 * Converts the Redis configuration of Spring Data to Lettuce's: standalone, a Unix domain socket,
 * the master of Sentinels or a Cluster; TLS; credentials.
 */
final class RedisTargets {
  private final LettuceClientConfiguration client;

  private RedisTargets(LettuceClientConfiguration client) {
    this.client = client;
  }

  /** The target of {@code factory}. */
  static RedisTarget of(LettuceConnectionFactory factory) {
    return new RedisTargets(factory.getClientConfiguration()).target(factory);
  }

  private RedisTarget target(LettuceConnectionFactory factory) {
    RedisClusterConfiguration cluster = factory.getClusterConfiguration();
    if (cluster != null) {
      return target(
          RedisTarget.Kind.CLUSTER,
          cluster.getClusterNodes().stream()
              .map(node -> uri(node.getRequiredHost(), node.getRequiredPort(), cluster, cluster))
              .toList(),
          options(cluster),
          "cluster " + cluster.getClusterNodes());
    }
    RedisSentinelConfiguration sentinel = factory.getSentinelConfiguration();
    if (sentinel != null) {
      return target(
          RedisTarget.Kind.SINGLE,
          List.of(uri(sentinel)),
          options(),
          "the master of Sentinels " + sentinel.getSentinels());
    }
    RedisSocketConfiguration socket = factory.getSocketConfiguration();
    if (socket != null) {
      RedisURI uri =
          authenticated(RedisURI.Builder.socket(socket.getSocket()), socket, socket)
              .withDatabase(socket.getDatabase())
              .build();
      return target(RedisTarget.Kind.SINGLE, List.of(uri), options(), socket.getSocket());
    }
    RedisStandaloneConfiguration one = factory.getStandaloneConfiguration();
    RedisURI uri = uri(one.getHostName(), one.getPort(), one, one);
    uri.setDatabase(one.getDatabase());
    return target(
        RedisTarget.Kind.SINGLE, List.of(uri), options(), one.getHostName() + ':' + one.getPort());
  }

  private RedisTarget target(
      RedisTarget.Kind kind, List<RedisURI> uris, ClientOptions options, String place) {
    return new RedisTarget(
        kind,
        uris,
        options,
        client.getClientResources().orElse(null),
        client.getShutdownTimeout(),
        place);
  }

  private ClientOptions options() {
    return client.getClientOptions().orElseGet(ClientOptions::create);
  }

  private ClientOptions options(RedisClusterConfiguration cluster) {
    ClientOptions given = options();
    ClusterClientOptions options =
        given instanceof ClusterClientOptions already
            ? already
            : ClusterClientOptions.builder(given).build();
    Integer maxRedirects = cluster.getMaxRedirects();
    return maxRedirects == null ? options : options.mutate().maxRedirects(maxRedirects).build();
  }

  private RedisURI uri(
      String host, int port, WithAuthentication credentials, RedisConfiguration redis) {
    return encrypted(authenticated(RedisURI.Builder.redis(host, port), credentials, redis).build());
  }

  private RedisURI uri(RedisSentinelConfiguration sentinel) {
    RedisURI uri = encrypted(LettuceConverters.sentinelConfigurationToRedisURI(sentinel));
    uri.getSentinels().forEach(this::encrypted);
    uri.setDatabase(sentinel.getDatabase());
    client
        .getRedisCredentialsProviderFactory()
        .ifPresent(
            factory -> {
              uri.setCredentialsProvider(factory.createCredentialsProvider(sentinel));
              RedisCredentialsProvider ofSentinels =
                  factory.createSentinelCredentialsProvider(sentinel);
              uri.getSentinels().forEach(each -> each.setCredentialsProvider(ofSentinels));
            });
    return uri;
  }

  private RedisURI.Builder authenticated(
      RedisURI.Builder uri, WithAuthentication credentials, RedisConfiguration redis) {
    char[] password = credentials.getPassword().toOptional().orElse(new char[0]);
    if (StringUtils.hasText(credentials.getUsername())) {
      uri.withAuthentication(credentials.getUsername(), password);
    } else if (password.length > 0) {
      uri.withPassword(password);
    }
    client
        .getRedisCredentialsProviderFactory()
        .ifPresent(factory -> uri.withAuthentication(factory.createCredentialsProvider(redis)));
    return uri;
  }

  private RedisURI encrypted(RedisURI uri) {
    client.getClientName().ifPresent(uri::setClientName);
    uri.setSsl(client.isUseSsl());
    uri.setVerifyPeer(client.getVerifyMode());
    uri.setStartTls(client.isStartTls());
    return uri;
  }
}

package io.drumline.spring;

import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.Retentions;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.SessionStore;
import io.drumline.loop.Periodic;
import io.drumline.redis.RedisBackplane;
import io.drumline.redis.settings.RedisTarget;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** The backplane of a node in a cluster: {@code drumline.backplane=redis}. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty(name = "drumline.backplane", havingValue = "redis")
@EnableConfigurationProperties(RedisProperties.class)
class RedisBackplaneConfiguration {

  /** Closed by the node's life cycle, after its clients. */
  @Bean(name = "drumline.redisBackplane", destroyMethod = "")
  RedisBackplane redisBackplane(
      LettuceConnectionFactory factory,
      DataRedisConnectionDetails details,
      RedisProperties properties,
      Retentions retentions,
      MessageIds ids,
      MeterRegistry meters,
      Periodic periodic) {
    if (details.getMasterReplica() != null) {
      throw new InvalidConfigurationPropertyValueException(
          "spring.data.redis.masterreplica.nodes",
          details.getMasterReplica().getNodes(),
          "It is not supported: use Sentinels, a Cluster or one Redis.");
    }
    RedisTarget target = RedisTargets.of(factory);
    if (properties.minReplicas() > 0 && target.kind() == RedisTarget.Kind.CLUSTER) {
      throw new InvalidConfigurationPropertyValueException(
          "drumline.redis.min-replicas",
          properties.minReplicas(),
          "It is not available on a Redis Cluster.");
    }
    return new RedisBackplane(target, properties.settings(), retentions, ids, meters, periodic);
  }

  @Bean("drumline.redisSessions")
  SessionStore redisSessions(RedisBackplane backplane) {
    return backplane.sessions();
  }

  @Bean("drumline.redisControl")
  ControlChannel redisControl(RedisBackplane backplane) {
    return backplane.control();
  }

  @Bean("drumline.redisRegistry")
  NodeRegistry redisRegistry(RedisBackplane backplane) {
    return backplane.registry();
  }

  @Bean("drumline.redisRevocations")
  Revocations redisRevocations(RedisBackplane backplane) {
    return backplane.revocations();
  }
}

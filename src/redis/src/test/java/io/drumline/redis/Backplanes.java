package io.drumline.redis;

import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.loop.Periodic;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** Makes backplanes for tests. */
final class Backplanes {
  private Backplanes() {}

  /**
   * A backplane that is not started, with probes five times as often as usual.
   *
   * @param settings such as {@code --drumline.redis.request-queue=1}
   */
  static RedisBackplane at(String url, MeterRegistry meters, String... settings) {
    return at(url, meters, Retentions.DEFAULTS, settings);
  }

  static RedisBackplane at(
      String url, MeterRegistry meters, Retentions retentions, String... settings) {
    return at(factory(url), meters, retentions, settings);
  }

  private static LettuceConnectionFactory factory(String url) {
    return new LettuceConnectionFactory(
        (RedisStandaloneConfiguration) LettuceConnectionFactory.createRedisConfiguration(url),
        LettuceClientConfiguration.defaultConfiguration());
  }

  /** A backplane for tests that no fault is part of: a busy machine must not look like one. */
  static RedisBackplane patient(
      String url, MeterRegistry meters, Retentions retentions, String... settings) {
    Stream<String> patience =
        Stream.of(
            "--drumline.redis.command-timeout=20s",
            "--drumline.redis.publish-timeout=20s",
            "--drumline.redis.probe-interval=5s",
            // It also ends a connection whose Redis reads nothing for so long.
            "--drumline.redis.tcp-user-timeout=60s");
    return at(
        factory(url),
        meters,
        retentions,
        Stream.concat(patience, Stream.of(settings)).toArray(String[]::new));
  }

  static RedisBackplane at(
      LettuceConnectionFactory factory,
      MeterRegistry meters,
      Retentions retentions,
      String... settings) {
    Map<String, String> values = new HashMap<>(Map.of("drumline.redis.probe-interval", "200ms"));
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      values.put(setting.substring(2, equals), setting.substring(equals + 1));
    }
    RedisProperties properties =
        new Binder(new MapConfigurationPropertySource(values))
            .bindOrCreate("drumline.redis", RedisProperties.class);
    return new RedisBackplane(
        RedisConnector.like(factory, properties),
        properties,
        retentions,
        new MessageIds(),
        meters,
        new Periodic(meters));
  }
}

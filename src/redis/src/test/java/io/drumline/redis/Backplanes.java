package io.drumline.redis;

import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.loop.Periodic;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.settings.RedisTarget;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Makes backplanes for tests. */
public final class Backplanes {
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
    return at(target(RedisTarget.Kind.SINGLE, url), meters, retentions, settings);
  }

  private static RedisTarget target(RedisTarget.Kind kind, String url) {
    return new RedisTarget(
        kind,
        List.of(RedisURI.create(url)),
        ClientOptions.create(),
        null,
        Duration.ofMillis(100),
        url);
  }

  /** Of a cluster, one of whose nodes is {@code node}, such as {@code 127.0.0.1:7000}. */
  static RedisBackplane ofCluster(String node, MeterRegistry meters, String... settings) {
    return at(
        target(RedisTarget.Kind.CLUSTER, "redis://" + node), meters, Retentions.DEFAULTS, settings);
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
        target(RedisTarget.Kind.SINGLE, url),
        meters,
        retentions,
        Stream.concat(patience, Stream.of(settings)).toArray(String[]::new));
  }

  private static RedisBackplane at(
      RedisTarget target, MeterRegistry meters, Retentions retentions, String... settings) {
    Map<String, String> values = new HashMap<>(Map.of("probe-interval", "200ms"));
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      values.put(
          setting.substring("--drumline.redis.".length(), equals), setting.substring(equals + 1));
    }
    return new RedisBackplane(
        target, settings(values), retentions, new MessageIds(), meters, new Periodic(meters));
  }

  /** Those that are not given are the defaults. */
  public static RedisSettings settings(Map<String, String> given) {
    Map<String, String> values = new HashMap<>(given);
    RedisSettings read =
        new RedisSettings(
            take(values, "prefix", "drumline:"),
            duration(take(values, "command-timeout", "1s")),
            duration(take(values, "publish-timeout", "5s")),
            Integer.parseInt(take(values, "min-replicas", "0")),
            Integer.parseInt(take(values, "request-queue", "16384")),
            64 << 20,
            duration(take(values, "probe-interval", "1s")),
            duration(take(values, "reconnect-max", "2s")),
            duration(take(values, "tcp-user-timeout", "3s")));
    if (!values.isEmpty()) {
      throw new IllegalArgumentException("There are no settings " + values.keySet());
    }
    return read;
  }

  private static String take(Map<String, String> values, String name, String otherwise) {
    return Objects.requireNonNullElse(values.remove(name), otherwise);
  }

  private static Duration duration(String value) {
    return value.endsWith("ms")
        ? Duration.ofMillis(Long.parseLong(value.substring(0, value.length() - 2)))
        : Duration.parse("PT" + value);
  }
}

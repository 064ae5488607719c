package io.drumline.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.Inbox;
import io.drumline.backplane.Retentions;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.backplane.RevocationsContract;
import io.drumline.testing.RedisServer;
import io.drumline.testing.TestRedis;
import io.lettuce.core.ScriptOutputType;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class RedisRevocationsIT extends RevocationsContract {
  private static final String KEY = "drumline:revoked";

  private final List<RedisBackplane> nodes = new ArrayList<>();

  @BeforeEach
  void start() {
    node(TestRedis.url());
    node(TestRedis.url());
  }

  @AfterEach
  void close() {
    nodes.forEach(RedisBackplane::close);
  }

  @Override
  protected Revocations first() {
    return nodes.get(0).revocations();
  }

  @Override
  protected Revocations second() {
    return nodes.get(1).revocations();
  }

  private RedisBackplane node(String url) {
    RedisBackplane node = Backplanes.patient(url, new SimpleMeterRegistry(), Retentions.DEFAULTS);
    nodes.add(node);
    node.start(new Inbox());
    await().until(node::available);
    return node;
  }

  @Test
  void dropsWhatHasEndedWhileItWrites() {
    try (RedisServer redis = RedisServer.start()) {
      Revocations revocations = node(redis.url()).revocations();
      Map<String, String> ended = new HashMap<>();
      for (int i = 0; i < 2000; i++) {
        ended.put("token:" + i, "1000 long ago");
      }
      TestRedis.with(redis.url(), c -> c.sync().hset(KEY, ended));

      for (int i = 0; i < 400; i++) { // a part of them each time
        join(revocations.block(user, LONG, ""));
      }

      assertThat(TestRedis.with(redis.url(), c -> c.sync().hlen(KEY)).intValue()).isEqualTo(2);
      assertThat(join(revocations.list())).hasSize(1);
    }
  }

  @Test
  void allOfItGoesWithTheLastBlock() {
    try (RedisServer redis = RedisServer.start()) {
      Revocations revocations = node(redis.url()).revocations();
      join(revocations.block(user, Duration.ofMinutes(9), ""));
      join(revocations.block(token, Duration.ofMinutes(1), ""));
      assertThat(timeToLive(redis)).isBetween(8 * 60_000L, 9 * 60_000L);
      join(revocations.block(token, Duration.ofMillis(1), ""));
      join(revocations.lift(user));
      join(revocations.block(session, LONG, ""));
      assertThat(timeToLive(redis)).isGreaterThan(9 * 60_000L);
    }
  }

  private static long timeToLive(RedisServer redis) {
    return TestRedis.with(redis.url(), c -> c.sync().pttl(KEY));
  }

  @Test
  void refusesMoreThanThereMayBe() {
    try (RedisServer redis = RedisServer.start()) {
      Revocations revocations = node(redis.url()).revocations();
      String script =
          "for i = 1, "
              + Revocations.MOST
              + " do"
              + " redis.call('HSET', KEYS[1], 'token:' .. i, '99999999999999 x') end";
      TestRedis.with(redis.url(), c -> c.sync().eval(script, ScriptOutputType.STATUS, KEY));
      join(revocations.block(new Subject(Kind.TOKEN, "1"), LONG, "")); // there before
      assertThatThrownBy(() -> join(revocations.block(user, LONG, "")))
          .hasRootCauseMessage("There are as many blocks as there may be.");
      join(revocations.lift(new Subject(Kind.TOKEN, "1")));
      join(revocations.block(user, LONG, ""));
      assertThat(join(revocations.list())).hasSize(Revocations.MOST);
    }
  }

  @Test
  void blocksOutliveNodesAndFailWhileRedisIsAway() {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url());
      join(node.revocations().block(user, LONG, ""));
      RedisBackplane other = node(redis.url());
      node.close();
      assertThat(join(other.revocations().check(List.of(user)))).isPresent();

      redis.kill();
      await().until(() -> !other.available());
      assertThatThrownBy(() -> join(other.revocations().check(List.of(user))))
          .hasRootCauseInstanceOf(BackplaneException.class)
          .hasRootCauseMessage(
              "Who is blocked cannot be looked up now: the backplane is unavailable.");
    }
  }

  @Test
  void skipsWhatItDoesNotKnow() {
    try (RedisServer redis = RedisServer.start()) {
      Revocations revocations = node(redis.url()).revocations();
      join(revocations.block(user, LONG, ""));
      TestRedis.with(
          redis.url(),
          c ->
              c.sync()
                  .hset(KEY, Map.of("address:10.0.0.1", "99999999999999 x", "user:odd", "soon")));
      assertThat(join(revocations.list())).hasSize(1);
      assertThat(join(revocations.check(List.of(new Subject(Kind.USER, "odd"))))).isEmpty();
    }
  }
}

package io.drumline.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.Inbox;
import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.NodeRegistry.Renewal;
import io.drumline.backplane.NodeRegistryContract;
import io.drumline.backplane.Retentions;
import io.drumline.redis.format.RedisKeys;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.api.sync.RedisCommands;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class RedisRegistryIT extends NodeRegistryContract {
  private final String prefix = UUID.randomUUID() + ":";
  private final String key = new RedisKeys(prefix).nodes();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
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
  protected NodeRegistry first() {
    return nodes.get(0).registry();
  }

  @Override
  protected NodeRegistry second() {
    return nodes.get(1).registry();
  }

  @Override
  protected void pass(Duration time) {
    long from = redisMillis();
    await().pollInterval(Duration.ofMillis(20)).until(() -> redisMillis() - from > time.toMillis());
  }

  private static long redisMillis() {
    List<String> time = TestRedis.with(TestRedis.url(), c -> c.sync().time());
    return Long.parseLong(time.get(0)) * 1000 + Long.parseLong(time.get(1)) / 1000;
  }

  private static long number(Function<RedisCommands<String, String>, Long> question) {
    return TestRedis.with(TestRedis.url(), c -> question.apply(c.sync()));
  }

  private RedisBackplane node(String url) {
    RedisBackplane node =
        Backplanes.patient(url, meters, Retentions.DEFAULTS, "--drumline.redis.prefix=" + prefix);
    nodes.add(node);
    node.start(new Inbox());
    await().until(node::available);
    return node;
  }

  @Test
  void keyGoesWithTheLastLease() throws Exception {
    answer(first().renew(ann, IDLE, LONG));
    answer(second().renew(bob, IDLE, SHORT));
    assertThat(number(c -> c.pttl(key))).isBetween(SHORT.toMillis(), LONG.toMillis());

    answer(first().leave(ann));
    answer(second().leave(bob));
    assertThat(number(c -> c.exists(key))).isZero();

    answer(second().renew(bob, IDLE, SHORT));
    await().until(() -> number(c -> c.exists(key)) == 0);
  }

  @Test
  void dropsEndedLeasesOfOthersAFewAtATime() throws Exception {
    Map<String, String> dead = new HashMap<>();
    for (int i = 0; i < 100; i++) {
      dead.put("dead" + i, "1000 {}");
    }
    TestRedis.with(TestRedis.url(), c -> c.sync().hset(key, dead));

    assertThat(runs(answer(first().renew(ann, IDLE, LONG)))).containsExactly(ann);
    assertThat(number(c -> c.hlen(key))).isEqualTo(38); // and the generation
    assertThat(runs(answer(first().renew(ann, IDLE, LONG)))).containsExactly(ann);
    assertThat(number(c -> c.hlen(key))).isEqualTo(2);
  }

  @Test
  void passesOverWhatIsNoNodeAndCountsIt() throws Exception {
    String future = redisMillis() + 60_000 + " ";
    TestRedis.with(
        TestRedis.url(),
        c ->
            c.sync()
                .hset(
                    key,
                    Map.of(
                        "text", future + "hello",
                        "null", future + "null",
                        "empty", future + "{}",
                        "list", future + "[1]",
                        "long", future + "\"" + "x".repeat(5000) + '"',
                        "port", future + "{\"id\":\"a\",\"host\":\"h\",\"clientPort\":-1}",
                        "no-end", "{}",
                        "odd-end", "nan {}",
                        "huge-end", "9".repeat(400) + " {}")));

    assertThat(runs(answer(first().renew(ann, IDLE, LONG)))).containsExactly(ann);

    assertThat(meters.counter("drumline.redis.envelopes.invalid").count()).isEqualTo(6);
    List<String> left = TestRedis.with(TestRedis.url(), c -> c.sync().hkeys(key));
    assertThat(left).doesNotContain("no-end", "odd-end", "huge-end");
  }

  @Test
  void readsWhatALaterVersionSaysOfItself() throws Exception {
    String later =
        "{\"id\":\"new\",\"host\":\"h\",\"clientPort\":1,\"controlPort\":2,\"version\":\"9\","
            + "\"started\":0,\"connections\":4,\"draining\":false,\"zone\":{\"name\":\"a\"}}";
    TestRedis.with(
        TestRedis.url(), c -> c.sync().hset(key, "later", redisMillis() + 60_000 + " " + later));

    Renewal renewal = answer(first().renew(ann, IDLE, LONG));

    assertThat(renewal.nodes())
        .anyMatch(node -> node.run().id().equals("new") && node.state().connections() == 4);
  }

  @Test
  void failsWhileRedisIsAwayAndTellsWhenItHasLostTheLease() throws Exception {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url());
      answer(node.registry().renew(ann, IDLE, LONG));
      redis.kill();
      await().until(() -> !node.available());

      assertThatThrownBy(() -> answer(node.registry().renew(ann, IDLE, LONG)))
          .cause() // whatever Lettuce may say of it
          .hasMessage("The node cannot renew its lease now; the backplane is unavailable.");
      assertThatThrownBy(() -> answer(node.registry().leave(ann))).isNotNull();

      redis.restart(); // empty
      await().until(node::available);
      assertThat(answer(node.registry().renew(ann, IDLE, LONG)).held()).isFalse();
      assertThat(answer(node.registry().renew(ann, IDLE, LONG)).held()).isTrue();
    }
  }
}

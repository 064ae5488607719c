package io.drumline.redis;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.Inbox;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.NodeRegistry.NodeState;
import io.drumline.backplane.NodeRun;
import io.drumline.backplane.Retentions;
import io.drumline.backplane.SessionStore;
import io.drumline.backplane.SessionStore.Known;
import io.drumline.backplane.SessionStore.Opened;
import io.drumline.backplane.SessionStore.Opening;
import io.drumline.backplane.SessionStore.Outcome;
import io.drumline.backplane.SessionStoreContract;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.state.RedisSessions;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RedisSessionsIT extends SessionStoreContract {
  private final RedisKeys keys = new RedisKeys("drumline:");
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<RedisBackplane> nodes = new ArrayList<>();

  @Override
  protected SessionStore first() {
    return node(TestRedis.url()).sessions();
  }

  @Override
  protected SessionStore second() {
    return node(TestRedis.url()).sessions();
  }

  @Override
  protected void pass(Duration time) {
    // Redis has no other clock: what is there must go by itself.
    await()
        .until(() -> TestRedis.with(TestRedis.url(), c -> expired(c.sync().pttl(session()), time)));
  }

  /** Gone, or kept for longer than the time that was to pass. */
  private static boolean expired(long left, Duration time) {
    return left == -2 || left > time.toMillis();
  }

  private String session() {
    return keys.session(clientId);
  }

  private RedisBackplane node(String url, String... settings) {
    RedisBackplane node = Backplanes.patient(url, meters, Retentions.DEFAULTS, settings);
    nodes.add(node);
    node.start(new Inbox());
    await().until(node::available);
    return node;
  }

  @AfterEach
  void close() {
    nodes.forEach(RedisBackplane::close);
  }

  @Test
  void tellsOfSessionsAgainAfterItsPubSubConnectionWasKilled() throws Exception {
    TestRedis.with(TestRedis.url(), c -> c.sync().clientKill(KillArgs.Builder.typePubsub()));
    // Of both nodes.
    await().until(() -> meters.counter("drumline.redis.reconnects").count() >= 2);
    nodes.forEach(each -> await().until(each::available));

    open(nodes.get(0).sessions(), "ann");
    open(nodes.get(1).sessions(), "ann");

    await().until(() -> told.size() == 1);
  }

  @Test
  void ignoresWhatIsNoNotice() throws Exception {
    List<String> channels =
        TestRedis.with(TestRedis.url(), c -> c.sync().pubsubChannels(keys.node("*")));
    TestRedis.with(
        TestRedis.url(),
        c -> {
          for (String channel : channels) {
            c.sync().publish(channel, "opened 99999999999999999999999 x");
            c.sync().publish(channel, "");
          }
          return 0;
        });
    open(nodes.get(0).sessions(), "ann");
    Opened opened = open(nodes.get(1).sessions(), "ann");

    await().until(() -> !told.isEmpty());
    assertThat(channels).hasSizeGreaterThanOrEqualTo(2);
    assertThat(told).containsExactly(new Notice(clientId, opened.generation()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "*", "a.1.x", "\0\r\n", "aaaaaaaa.1.x", "aaaaaaaa.-1.x"})
  void takesWhatIsNoPositionForOneThatWasLost(String foreign) throws Exception {
    SessionStore sessions = nodes.get(0).sessions();
    Opened opened = open(sessions, "ann");
    store(sessions, update(opened, Map.of(PRICES, at(PRICES, "a.1.x"))));
    TestRedis.with(TestRedis.url(), c -> c.sync().hset(session(), NEWS.value(), foreign));

    assertThat(open(sessions, "ann").positions())
        .isEqualTo(Map.of(PRICES, at(PRICES, "a.1.x"), NEWS, MessageIds.nowhere(NEWS).messageId()));
    assertThat(meters.counter("drumline.redis.envelopes.invalid").count()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1e999", "nan", "9e99", "0x7fffffffffffffff"})
  void opensAndStoresASessionWhoseGenerationIsNone(String foreign) throws Exception {
    SessionStore sessions = nodes.get(0).sessions();
    Opened before = open(sessions, "ann");
    TestRedis.with(TestRedis.url(), c -> c.sync().hset(session(), "g", foreign));
    assertThat(store(sessions, update(before, Map.of(NEWS, at(NEWS, "a.1.x")))))
        .isEqualTo(Outcome.LOST);
    assertThat(store(sessions, whole(before, Map.of(NEWS, at(NEWS, "a.1.x")))))
        .isEqualTo(Outcome.STORED);
    TestRedis.with(TestRedis.url(), c -> c.sync().hset(session(), "s", foreign));
    assertThat(store(sessions, update(before, Map.of(NEWS, at(NEWS, "a.2.x")))))
        .isEqualTo(Outcome.LOST);
    TestRedis.with(TestRedis.url(), c -> c.sync().hset(session(), "g", foreign));

    Opened after = open(sessions, "ann");
    assertThat(after.generation()).isGreaterThanOrEqualTo(before.generation());
    assertThat(after.positions()).isEqualTo(Map.of(NEWS, at(NEWS, "a.1.x")));
    assertThat(store(sessions, update(after, Map.of()))).isEqualTo(Outcome.STORED);
  }

  @Test
  void goesOnAfterTheScriptsWereFlushed() throws Exception {
    SessionStore sessions = nodes.get(0).sessions();
    for (int round = 0; round < 2; round++) {
      TestRedis.with(TestRedis.url(), c -> c.sync().scriptFlush());
      Opened opened = open(sessions, "ann");
      TestRedis.with(TestRedis.url(), c -> c.sync().scriptFlush());
      assertThat(store(sessions, update(opened, Map.of(NEWS, at(NEWS, "a." + round + ".x")))))
          .isEqualTo(Outcome.STORED);
    }
    assertThat(open(sessions, "ann").positions()).isEqualTo(Map.of(NEWS, at(NEWS, "a.1.x")));
  }

  @Test
  void failsWhileRedisIsAwayAndGoesOnAfter() throws Exception {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url());
      Opened opened = open(node.sessions(), "ann");
      redis.kill();
      await().until(() -> !node.available());

      assertThatThrownBy(() -> open(node.sessions(), "ann"))
          .hasRootCauseMessage("The session cannot be opened now; the backplane is unavailable.");
      assertThat(store(node.sessions(), update(opened, Map.of(NEWS, at(NEWS, "a.1.x")))))
          .isEqualTo(Outcome.FAILED);

      redis.restart(); // empty
      await().until(node::available);
      assertThat(store(node.sessions(), update(opened, Map.of(NEWS, at(NEWS, "a.1.x")))))
          .isEqualTo(Outcome.LOST);
      assertThat(store(node.sessions(), whole(opened, Map.of(NEWS, at(NEWS, "a.1.x")))))
          .isEqualTo(Outcome.STORED);
      assertThat(open(node.sessions(), "ann").positions())
          .isEqualTo(Map.of(NEWS, at(NEWS, "a.1.x")));
    }
  }

  /** A restart from an RDB file of some seconds ago, or a failover to a replica that is behind. */
  @Test
  void doubtsPositionsAfterRedisMayHaveGoneBack() throws Exception {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url());
      AtomicInteger restorations = new AtomicInteger();
      node.sessions()
          .listen(
              new SessionStore.Listener() {
                @Override
                public void opened(String id, long generation) {
                  // its own doing
                }

                @Override
                public void interrupted() {
                  restorations.incrementAndGet();
                }
              });
      Opened opened = open(node.sessions(), "ann");
      store(node.sessions(), update(opened, Map.of(NEWS, at(NEWS, "a.1.x"))));
      TestRedis.with(redis.url(), c -> c.sync().save());
      store(node.sessions(), update(opened, Map.of(PRICES, at(PRICES, "b.1.x"))));
      redis.kill();
      await().until(() -> !node.available());
      redis.restart(); // as it was saved
      await().until(node::available);

      await().until(() -> restorations.get() == 1);
      assertThat(store(node.sessions(), update(opened, Map.of(PRICES, at(PRICES, "b.2.x")))))
          .isEqualTo(Outcome.LOST);
      Opened again = open(node.sessions(), "ann");
      assertThat(again.known()).isEqualTo(Known.PERHAPS_NOT_ALL);
      assertThat(again.positions()).isEqualTo(Map.of(NEWS, at(NEWS, "a.1.x")));
    }
  }

  /** The clock of Redis was an hour ahead when the old socket came, and the session was lost. */
  @Test
  void newestSocketStaysTheNewestThoughTheClockWasSetBack() throws Exception {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane old = node(redis.url());
      RedisBackplane other = node(redis.url());
      open(old.sessions(), "ann");
      long ahead = System.currentTimeMillis() + 3_600_000;
      TestRedis.with(redis.url(), c -> c.sync().hset(session(), "g", String.valueOf(ahead)));
      Opened before = open(old.sessions(), "ann");
      assertThat(before.generation()).isGreaterThan(ahead);
      renew(old, "old");
      renew(other, "other");
      TestRedis.with(redis.url(), c -> c.sync().del(session()));

      assertThat(open(other.sessions(), "ann").generation()).isGreaterThan(before.generation());
      assertThat(store(old.sessions(), whole(before, Map.of(NEWS, at(NEWS, "a.1.x")))))
          .isEqualTo(Outcome.FENCED);
    }
  }

  private static void renew(RedisBackplane node, String incarnation) throws Exception {
    node.registry()
        .renew(
            new NodeRun(incarnation, incarnation, "localhost", 1, 2, "0.2", Instant.EPOCH),
            new NodeState(0, false),
            Duration.ofSeconds(10))
        .toCompletableFuture()
        .get(20, SECONDS);
  }

  @Test
  void refusesMoreThanItHoldsForRedis() throws Exception {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url(), "--drumline.redis.probe-interval=20s");
      redis.pause();
      List<CompletableFuture<Opening>> opening = new ArrayList<>();
      for (int i = 0; i <= RedisSessions.MAX_CALLS; i++) {
        opening.add(node.sessions().open(clientId + i, "", LONG).toCompletableFuture());
      }
      assertThatThrownBy(() -> opening.get(RedisSessions.MAX_CALLS).get(10, SECONDS))
          .hasRootCauseMessage("The session cannot be opened now; the backplane is overloaded.");
      redis.resume();
      for (int i = 0; i < RedisSessions.MAX_CALLS; i++) {
        opening.get(i).get(20, SECONDS);
      }
      open(node.sessions(), "ann");
    }
  }
}

package io.drumline.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.Inbox;
import io.drumline.backplane.Retentions;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.backplane.RevocationsContract;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.RestoreArgs;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.protocol.CommandType;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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

      assertThat(TestRedis.with(redis.url(), c -> c.sync().hlen(KEY)).intValue()).isEqualTo(3);
      assertThat(join(revocations.list())).hasSize(1);
    }
  }

  /** With a time to live, volatile-* policies evict it; earlier versions gave it one. */
  @Test
  void hasNoTimeToLive() {
    try (RedisServer redis = RedisServer.start()) {
      TestRedis.with(
          redis.url(),
          c -> c.sync().hset(KEY, "user:old", "99999999999999 x") && c.sync().expire(KEY, 60));
      join(node(redis.url()).revocations().block(user, LONG, ""));
      long timeToLive = TestRedis.with(redis.url(), c -> c.sync().pttl(KEY));
      assertThat(timeToLive).isEqualTo(-1);
    }
  }

  @Test
  void blockedClientsStayBlockedWhereRedisLosesTheBlocks() {
    try (RedisServer redis = RedisServer.start()) {
      Revocations one = node(redis.url()).revocations();
      Revocations two = node(redis.url()).revocations();
      // As the control channel tells.
      two.blocked(join(one.block(user, LONG, "spam")), one.version());
      join(one.block(session, LONG, ""));
      join(one.lift(session));
      assertThat(join(two.check(List.of(session)))).isEmpty();
      TestRedis.with(redis.url(), c -> c.sync().del(KEY));

      assertThat(join(two.check(List.of(token, user)))).isPresent();
      assertThat(join(two.check(List.of(session)))).isEmpty();
      await()
          .untilAsserted(
              () ->
                  assertThat(join(node(redis.url()).revocations().list()))
                      .extracting(Revocation::subject, Revocation::reason)
                      .containsExactly(tuple(user, "spam")));
      assertThat(join(one.check(List.of(user)))).isPresent();

      join(one.lift(user));
      assertThat(join(two.check(List.of(user)))).isEmpty();
    }
  }

  /** A failover to a replica that lacks the last changes. */
  @Test
  void noticesThatTheLastBlocksAreMissing() {
    try (RedisServer redis = RedisServer.start()) {
      Revocations node = node(redis.url()).revocations();
      join(node.block(token, LONG, ""));
      byte[] before = dump(redis);
      join(node.block(user, LONG, ""));
      TestRedis.with(
          redis.url(),
          c -> c.sync().restore(KEY, before, RestoreArgs.Builder.ttl(0).replace(true)));
      assertThat(join(node.check(List.of(user)))).isPresent();
      assertThat(join(node.list())).hasSize(2);
    }
  }

  @Test
  void learnsWhatOthersHaveChangedWithoutANotice() {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane one = node(redis.url());
      RedisBackplane two = node(redis.url());
      join(one.revocations().block(user, LONG, ""));
      join(two.reconcileBlocks());
      TestRedis.with(redis.url(), c -> c.sync().del(KEY));
      assertThat(join(two.revocations().check(List.of(user)))).isPresent();
    }
  }

  /** A failover to a replica that lacks a block of which this node has had the notice only. */
  @Test
  void noticesThatABlockIsMissingThatItOnlyHeardOf() {
    try (RedisServer redis = RedisServer.start()) {
      Revocations one = node(redis.url()).revocations();
      Revocations two = node(redis.url()).revocations();
      join(one.block(token, LONG, ""));
      join(two.list());
      byte[] before = dump(redis);
      two.blocked(join(one.block(user, LONG, "")), one.version());
      TestRedis.with(
          redis.url(),
          c -> c.sync().restore(KEY, before, RestoreArgs.Builder.ttl(0).replace(true)));

      assertThat(join(two.check(List.of(user)))).isPresent();
      assertThat(join(two.list())).extracting(Revocation::subject).contains(user);
    }
  }

  /** A failover to a replica that lacks two blocks, of which each node knows one. */
  @Test
  void storesAgainWhatEachNodeKnowsAloneWhicheverIsFirst() {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane one = node(redis.url());
      RedisBackplane two = node(redis.url());
      join(one.revocations().block(token, LONG, ""));
      join(two.reconcileBlocks());
      byte[] before = dump(redis);
      join(one.revocations().block(user, LONG, ""));
      join(two.revocations().block(session, LONG, ""));
      TestRedis.with(
          redis.url(),
          c -> c.sync().restore(KEY, before, RestoreArgs.Builder.ttl(0).replace(true)));

      join(one.reconcileBlocks());
      assertThat(join(two.revocations().check(List.of(session)))).isPresent();
      join(two.reconcileBlocks());
      join(one.reconcileBlocks());
      assertThat(join(node(redis.url()).revocations().list()))
          .extracting(Revocation::subject)
          .containsExactlyInAnyOrder(token, user, session);
      String version = one.revocations().version();
      join(two.reconcileBlocks());
      join(one.reconcileBlocks());
      assertThat(one.revocations().version())
          .isEqualTo(version)
          .isEqualTo(two.revocations().version());
    }
  }

  /** A failover to a replica that knows the block as it was first. */
  @Test
  void storesTheLaterEndOfABlockAgain() {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url());
      join(node.revocations().block(user, Duration.ofMinutes(1), ""));
      byte[] before = dump(redis);
      Revocation longer = join(node.revocations().block(user, LONG, ""));
      TestRedis.with(
          redis.url(),
          c -> c.sync().restore(KEY, before, RestoreArgs.Builder.ttl(0).replace(true)));

      join(node.reconcileBlocks());
      assertThat(join(node(redis.url()).revocations().list())).containsExactly(longer);
    }
  }

  /** The ACL that was documented for the build before names no PERSIST. */
  @Test
  void blocksWhereRedisDoesNotLetItPersist() {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url());
      join(node.revocations().block(user, LONG, ""));
      TestRedis.with(redis.url(), c -> c.sync().expire(KEY, 60));
      TestRedis.with(redis.url(), c -> c.sync().aclSetuser("default", noPersist()));

      join(node.reconcileBlocks());
      assertThat(join(node.revocations().block(session, LONG, ""))).isNotNull();
      assertThat(join(node.revocations().check(List.of(session)))).isPresent();
    }
  }

  private static AclSetuserArgs noPersist() {
    return new AclSetuserArgs().removeCommand(CommandType.PERSIST);
  }

  @Test
  void asksForTheVersionThatANodeBeforeHasNotSent() {
    try (RedisServer redis = RedisServer.start()) {
      Revocations one = node(redis.url()).revocations();
      Revocations two = node(redis.url()).revocations();
      Revocation block = join(one.block(user, LONG, ""));
      TestRedis.with(redis.url(), c -> c.sync().expire(KEY, 60));
      two.blocked(block, "");
      await().until(() -> !two.version().isEmpty());
      assertThat(TestRedis.with(redis.url(), c -> c.sync().pttl(KEY)).longValue()).isEqualTo(-1);
      TestRedis.with(redis.url(), c -> c.sync().del(KEY));
      assertThat(join(two.check(List.of(user)))).isPresent();
    }
  }

  /** Nodes before this version give one to all blocks with each of theirs. */
  @Test
  void takesTheTimeToLiveAwayThatAnotherHasSet() {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url());
      join(node.revocations().block(user, LONG, ""));
      TestRedis.with(redis.url(), c -> c.sync().expire(KEY, 60));
      join(node.reconcileBlocks());
      assertThat(TestRedis.with(redis.url(), c -> c.sync().pttl(KEY)).longValue()).isEqualTo(-1);
    }
  }

  @Test
  void tellsWhatItHasStoredAgainAndWhatItWasNotToldOf() {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane one = node(redis.url());
      RedisBackplane two = node(redis.url());
      List<Object> told = new CopyOnWriteArrayList<>();
      for (RedisBackplane each : List.of(one, two)) {
        each.revocations()
            .watch(
                new Revocations.Watcher() {
                  @Override
                  public void found(Collection<Revocation> all) {
                    all.forEach(block -> told.add(block.subject()));
                  }

                  @Override
                  public void restored() {
                    told.add("restored");
                  }
                });
      }
      join(one.revocations().block(user, LONG, ""));
      TestRedis.with(redis.url(), c -> c.sync().del(KEY));
      assertThat(join(one.revocations().check(List.of(user)))).isPresent();
      await().untilAsserted(() -> assertThat(told).containsExactly("restored"));

      told.clear();
      join(two.reconcileBlocks());
      assertThat(told).containsExactly(user);
    }
  }

  private static byte[] dump(RedisServer redis) {
    return TestRedis.with(redis.url(), c -> c.sync().dump(KEY));
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
          .hasRootCauseMessage("There are 100000 blocks, the most that there may be.");
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
              "Blocked users cannot be looked up now; the backplane is unavailable.");
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

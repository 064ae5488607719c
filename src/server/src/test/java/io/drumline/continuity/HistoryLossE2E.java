package io.drumline.continuity;

import static org.awaitility.Awaitility.await;

import io.drumline.continuity.FaultCluster.Proxied;
import io.drumline.testing.TcpProxy;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** When Redis itself loses messages, subscribers are told once, at the right place. */
class HistoryLossE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static FaultCluster cluster;

  @BeforeAll
  static void startCluster() {
    cluster = new FaultCluster(Proxied.ALL, "--repl-diskless-sync-delay", "0");
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @Test
  void redisRestartsEmpty() {
    cluster
        .under(
            cluster.load(),
            "Redis wiped",
            run -> {
              cluster.redis.restart();
              run.awaitAccepted(500);
            })
        .showsOneGapEach("wiped");
  }

  @Test
  void redisIsFlushedWhileClientsReconnect() {
    cluster
        .under(
            mixed(),
            "Redis flushed",
            run -> {
              run.reconnecting(Duration.ofSeconds(3)).awaitAccepted(500);
              TestRedis.with(cluster.redis.url(), connection -> connection.sync().flushall());
              run.last(Duration.ofSeconds(2));
            })
        .showsNothingUnflagged();
  }

  /** Redis comes back as it was two seconds before, and clients with it. */
  @Test
  void redisGoesBackWhileClientsReconnect() {
    try {
      cluster
          .under(
              mixed(),
              "Redis gone back",
              run -> {
                run.reconnecting(Duration.ofSeconds(7)).last(Duration.ofMillis(500));
                TestRedis.with(cluster.redis.url(), connection -> connection.sync().save());
                run.last(Duration.ofSeconds(2));
                cluster.redis.restart();
                run.last(Duration.ofSeconds(4));
              })
          .showsNothingUnflagged();
    } finally {
      cluster.redis.forgetSaved();
    }
  }

  @Test
  void streamsAloneAreLostWhileClientsReconnect() {
    cluster
        .under(
            cluster.load(),
            "streams lost",
            run -> {
              run.reconnecting(Duration.ofSeconds(4));
              for (int times = 0; times < 6; times++) {
                run.last(Duration.ofMillis(500));
                TestRedis.with(
                    cluster.redis.url(),
                    connection -> {
                      var redis = connection.sync();
                      return redis.del(redis.keys("drumline:*:s").toArray(String[]::new));
                    });
              }
            })
        .showsAsManyMissingAsWereTold();
  }

  private static Load mixed() {
    Load load = cluster.load();
    return load.withClients(load.clients().someOfThemShared());
  }

  /** The replica goes on from an earlier offset than the master had reached. */
  @Test
  void replicaThatLacksTheTailIsPromoted() {
    try (TcpProxy replication = new TcpProxy(cluster.redis.port());
        RedisServer replica =
            RedisServer.start("--replicaof", "127.0.0.1", Integer.toString(replication.port()))) {
      awaitReplica(replica, "master_link_status:up");
      cluster
          .under(
              cluster.load(),
              "tail lost",
              run -> {
                replication.cut();
                awaitReplica(replica, "master_link_status:down");
                run.awaitAccepted(1000).awaitCaughtUp(); // the tail: everybody has seen it
                cluster.proxy.hold();
                await()
                    .atMost(PATIENCE)
                    .until(() -> cluster.proxy.quietFor(Duration.ofMillis(200)));
                TestRedis.with(replica.url(), connection -> connection.sync().replicaofNoOne());
                cluster.proxy.switchTo(replica.port());
                run.awaitAccepted(500);
              })
          .showsOneGapEach("diverged");
    } finally {
      cluster.proxy.switchTo(cluster.redis.port());
    }
  }

  private static void awaitReplica(RedisServer replica, String state) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                TestRedis.with(replica.url(), connection -> connection.sync().info("replication"))
                    .contains(state));
  }
}

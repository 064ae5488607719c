package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.continuity.FaultCluster.Proxied;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Load.Continuity;
import io.drumline.continuity.Load.Ids;
import io.drumline.e2e.NodeProcess;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.ClientListArgs;
import io.lettuce.core.KillArgs;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What breaks without Redis losing anything leaves no trace in what subscribers see. */
class FaultsE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What a node ends with that has no memory. */
  private static final int EXHAUSTED = 3;

  private static final Pattern CLIENT_ID = Pattern.compile("(?m)^id=(\\d+)");

  private static FaultCluster cluster;

  @BeforeAll
  static void startCluster() {
    cluster =
        new FaultCluster(Proxied.THE_LAST, "--appendonly", "yes", "--appendfsync", "everysec");
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @Test
  void nothingHappens() {
    cluster.under(cluster.load(), "nothing", run -> {}).showsNoGap();
  }

  @Test
  void nodeIsKilledAndComesBack() {
    cluster
        .under(
            cluster.load(),
            "node killed",
            run -> {
              NodeProcess victim = cluster.nodes.get(0);
              victim.kill();
              run.awaitLive().awaitAccepted(1000);
              victim.restart();
              victim.ready();
            })
        .showsNoGap();
  }

  @Test
  void nodeHasNoHeapLeft() {
    List<String> options = List.of("-Xmx64m");
    try (NodeProcess small = NodeProcess.clustered("small", options, cluster.redis.url()).ready()) {
      URI url = URI.create(small.webSocket());
      Load load = cluster.load();
      List<URI> urls = Stream.concat(load.urls().stream(), Stream.of(url)).toList();
      Clients clients =
          new Clients(Continuity.ALL_KINDS, load.clients().silence(), load.clients().seed());
      cluster
          .under(
              load.withUrls(urls).withClients(clients).withIds(Ids.HALF),
              "heap exhausted",
              run -> {
                run.hoard(url);
                assertThat(small.awaitExit(Run.PATIENCE))
                    .as(() -> String.join("\n", small.log()))
                    .isEqualTo(EXHAUSTED);
                run.awaitLive().awaitAccepted(1000);
              })
          .showsNoGap();
    }
  }

  @Test
  void redisIsKilledAndComesBackWithItsData() {
    cluster
        .under(
            cluster.load(),
            "Redis killed",
            run -> {
              killRedisWhenWritten();
              run.last(Duration.ofSeconds(2));
              cluster.redis.restart();
              run.awaitAccepted(1000);
            })
        .showsNoGap();
  }

  /** While Redis' fsync runs, it may hold back what it has acknowledged; SIGKILL would lose it. */
  private static void killRedisWhenWritten() {
    TestRedis.with(
        cluster.redis.url(),
        connection -> {
          await()
              .atMost(PATIENCE)
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(1))
              .until(
                  () -> connection.sync().info("persistence").contains("aof_pending_bio_fsync:0"));
          cluster.redis.kill();
          return true;
        });
  }

  @Test
  void pubSubConnectionsAreKilledAgainAndAgain() {
    cluster
        .under(
            cluster.load(),
            "pub/sub killed",
            run -> {
              for (int times = 0; times < 4; times++) {
                await().atMost(PATIENCE).until(() -> pubSubClients().size() >= 3);
                assertThat(killPubSub()).isGreaterThanOrEqualTo(3);
                run.awaitAccepted(500);
              }
            })
        .showsNoGap();
  }

  @Test
  void pubSubConnectionFallsSilent() {
    cluster
        .under(
            cluster.load(),
            "pub/sub silent",
            run -> {
              for (int times = 0; times < 2; times++) {
                assertThat(cluster.proxy.silence("SUBSCRIBE")).isPositive();
                run.awaitAccepted(500).awaitCaughtUp();
              }
            })
        .showsNoGap();
  }

  @Test
  void nodePausesForFifteenSeconds() {
    Load load = cluster.load();
    cluster
        .under(
            load.withClients(load.clients().someOfThemPatient()),
            "node paused",
            run -> {
              NodeProcess sleeper = cluster.nodes.get(0);
              sleeper.pause();
              try {
                run.last(Duration.ofSeconds(15));
              } finally {
                sleeper.resume();
              }
            })
        .showsNoGap();
  }

  @Test
  void redisDropsSlowNode() {
    String[] limit = {"client-output-buffer-limit", "pubsub 64kb 64kb 1"};
    String before = config(limit[0]);
    cluster
        .under(
            cluster.load().withBodySize(4096),
            "output buffer limit",
            run -> {
              NodeProcess slow = cluster.nodes.get(0);
              Set<String> clients = pubSubClients();
              config(limit[0], limit[1]);
              slow.pause();
              try {
                await().atMost(PATIENCE).until(() -> !pubSubClients().containsAll(clients));
              } finally {
                slow.resume();
                config(limit[0], before);
              }
            })
        .showsNoGap();
  }

  @Test
  void manyComeAndGo() {
    Duration time = Duration.ofSeconds(8);
    cluster
        .under(
            cluster.load(),
            "500 visitors",
            run -> {
              run.visitors(500, time);
              run.last(time);
            })
        .showsNoGap();
  }

  private static Set<String> pubSubClients() {
    return TestRedis.with(
        cluster.redis.url(),
        connection ->
            CLIENT_ID
                .matcher(connection.sync().clientList(ClientListArgs.Builder.typePubsub()))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet()));
  }

  private static long killPubSub() {
    return TestRedis.with(
        cluster.redis.url(),
        connection -> connection.sync().clientKill(KillArgs.Builder.typePubsub()));
  }

  private static String config(String name) {
    return TestRedis.with(
        cluster.redis.url(), connection -> connection.sync().configGet(name).get(name));
  }

  private static void config(String name, String value) {
    TestRedis.with(cluster.redis.url(), connection -> connection.sync().configSet(name, value));
  }
}

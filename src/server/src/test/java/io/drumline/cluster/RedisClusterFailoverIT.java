package io.drumline.cluster;

import io.drumline.continuity.Load;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Proof;
import io.drumline.testing.redis.ClusteredRedis;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What subscribers see while masters of a Redis Cluster change. */
class RedisClusterFailoverIT {
  private static final int MOVED = 5;

  private static ClusteredRedis redis;
  private static List<Node> nodes;

  @BeforeAll
  static void start() {
    redis = new ClusteredRedis(3, 2);
    nodes = List.of(node("near"), node("far"));
  }

  @AfterAll
  static void stop() {
    nodes.forEach(Node::close);
    redis.close();
  }

  private static Node node(String id) {
    return Node.configured(
        "drumline.backplane=redis",
        "spring.data.redis.cluster.nodes=" + redis.nodes(),
        "drumline.node-id=" + id,
        "drumline.security.anonymous=true");
  }

  private static Load load() {
    List<URI> urls = nodes.stream().map(Node::webSocket).toList();
    return new Load(urls, 60, 30, 150, 100, Clients.resuming());
  }

  @Test
  void aMasterIsKilledAndItsReplicaTakesOver() {
    Proof.under(
            load(),
            "master of a cluster killed",
            run -> {
              redis.master(0).kill();
              redis.awaitFailover(0);
              run.awaitAccepted(150).awaitLive();
            })
        .showsNothingUnflagged();
  }

  @Test
  void slotsMoveAndAReplicaTakesOverInAgreement() {
    Load load = load();
    Proof.under(
            load,
            "slots moved, replica promoted",
            run -> {
              int left = MOVED;
              for (int n = 0; left > 0; n++) {
                String key = "drumline:{" + load.destination(n) + "}:m";
                if (redis.masterOf(key) == 2) {
                  redis.move(key, 2, 1);
                  left--;
                }
              }
              run.awaitAccepted(150).awaitCaughtUp();
              redis.failOver(1);
              run.awaitAccepted(150).awaitCaughtUp();
            })
        .showsNoGap();
  }
}

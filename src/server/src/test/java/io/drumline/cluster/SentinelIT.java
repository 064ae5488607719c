package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.continuity.Load;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Proof;
import io.drumline.message.CloseCode;
import io.drumline.testing.StompClient;
import io.drumline.testing.redis.SentinelRedis;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nodes whose Redis is a master that Sentinels name. */
class SentinelIT {
  private SentinelRedis redis;
  private Node near;
  private Node far;

  @BeforeEach
  void start() {
    redis = new SentinelRedis();
    near = node("near");
    far = node("far");
  }

  @AfterEach
  void stop() {
    near.close();
    far.close();
    redis.close();
  }

  private Node node(String id) {
    return Node.configured(
        Stream.concat(
                Stream.of(redis.properties()),
                Stream.of(
                    "drumline.node-id=" + id,
                    "drumline.node.renewal=500ms",
                    "drumline.session.position-interval=100ms",
                    "drumline.security.anonymous=true",
                    "drumline.api.anonymous=true"))
            .toArray(String[]::new));
  }

  private Load load() {
    List<URI> urls = List.of(near.webSocket(), far.webSocket());
    return new Load(urls, 60, 30, 150, 100, Clients.resuming());
  }

  @Test
  void nodesFollowWhenTheMasterIsKilledAndWhenItComesBackAsAReplica() {
    Proof.under(
            load(),
            "master killed, Sentinel",
            run -> {
              redis.master().kill();
              redis.awaitFailover();
              run.awaitAccepted(150).awaitCaughtUp();
              redis.master().restart();
              redis.awaitDemotion();
              run.awaitAccepted(150).awaitCaughtUp();
              redis.failBack();
              run.awaitAccepted(150);
            })
        .showsNothingUnflagged();
    showAllWorks();
  }

  private void showAllWorks() {
    near.awaitMetric("drumline_nodes", 2);
    far.awaitMetric("drumline_nodes", 2);
    StompClient first = near.client("client-id:c");
    first.subscribe("1", "/topic/shared");
    try (StompClient second = far.client("client-id:c")) {
      assertThat(first.expectClose()).isEqualTo(CloseCode.FENCED.code());
      second.command("SUBSCRIBE", "id:1", "destination:/topic/shared");
    }
    String block = "{\"user\": \"ann\", \"action\": \"block\", \"for\": \"1h\"}";
    assertThat(near.json("POST", "/api/v1/revocations", block, "").statusCode())
        .isBetween(200, 201);
    far.awaitMetric("drumline_control_notices_total{kind=\"blocked\"}", 1);
    assertThat(far.control("/api/v1/revocations").body()).contains("ann");
  }
}

package io.drumline.cluster;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.TcpProxy;
import io.drumline.testing.redis.RedisServer;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Who is in the cluster, as each node shows it. */
class NodesIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private RedisServer redis;

  @BeforeEach
  void prepare() {
    redis = RedisServer.start();
  }

  @AfterEach
  void clean() {
    redis.close();
  }

  private static Node node(String id, String url) {
    return node(id, url, "2s", "127.0.0.1");
  }

  private static Node node(String id, String url, String lease, String host) {
    return Node.on(
        url,
        "drumline.node-id=" + id,
        "drumline.node.host=" + host,
        "drumline.node.lease=" + lease,
        "drumline.node.renewal=200ms",
        "drumline.api.anonymous=true",
        "drumline.redis.probe-interval=100ms",
        "drumline.redis.reconnect-max=100ms");
  }

  private static JsonNode shown(Node node) {
    return JSON.readTree(node.control("/api/v1/nodes").body());
  }

  /** By id; those whose lease has ended are not there. */
  private static Map<String, JsonNode> alive(Node node) {
    return StreamSupport.stream(shown(node).path("nodes").spliterator(), false)
        .filter(each -> each.path("leaseEndsIn").asDouble() > 0)
        .collect(toMap(each -> each.path("id").asString(), Function.identity()));
  }

  private static void awaitAlive(Node node, String... ids) {
    Node.patiently().untilAsserted(() -> assertThat(alive(node).keySet()).isEqualTo(Set.of(ids)));
  }

  @Test
  void nodesSeeEachOther() {
    try (Node near = node("near", redis.url(), "2s", "near.example");
        Node far = node("far", redis.url())) {
      awaitAlive(near, "near", "far");
      awaitAlive(far, "near", "far");
      near.awaitMetric("drumline_nodes", 2);

      JsonNode self = alive(near).get("near");
      JsonNode same = alive(far).get("near");
      assertThat(self.path("self").asBoolean()).isTrue();
      assertThat(same.path("self").asBoolean()).isFalse();
      assertThat(same.path("address").asString()).isEqualTo("near.example");
      assertThat(same.path("clientPort").asInt()).isEqualTo(near.port());
      assertThat(same.path("controlPort").asInt()).isEqualTo(near.controlPort());
      assertThat(same.path("version").asString()).isNotEmpty();
      assertThat(same.path("draining").asBoolean()).isFalse();
      assertThat(same.path("started")).isEqualTo(self.path("started"));
      assertThat(same.path("incarnation")).isEqualTo(self.path("incarnation"));
      assertThat(shown(near).path("stale").asBoolean()).isFalse();
    }
  }

  @Test
  void countsOfConnectionsFollow() {
    try (Node near = node("near", redis.url());
        Node far = node("far", redis.url())) {
      awaitAlive(far, "near", "far");
      try (StompClient one = near.client();
          StompClient two = near.client()) {
        awaitConnections(far, "near", 2);
        one.command("DISCONNECT");
        awaitConnections(far, "near", 1);
        two.command("DISCONNECT");
      }
      awaitConnections(far, "near", 0);
    }
  }

  private static void awaitConnections(Node at, String of, int count) {
    Node.patiently()
        .untilAsserted(
            () -> assertThat(alive(at).get(of).path("connections").asInt()).isEqualTo(count));
  }

  @Test
  void nodeThatLeavesInOrderIsGoneLongBeforeItsLeaseEnds() {
    try (Node stays = node("stays", redis.url(), "5m", "127.0.0.1")) {
      try (Node leaves = node("leaves", redis.url(), "5m", "127.0.0.1")) {
        awaitAlive(stays, "stays", "leaves");
        awaitAlive(leaves, "stays", "leaves");
      }
      awaitAlive(stays, "stays");
      stays.awaitMetric("drumline_nodes", 1);
    }
  }

  @Test
  void redisThatRestartsEmptyCostsNoSocketAndNodesAreThereAgain() {
    // Leases that cannot end meanwhile: they are lost.
    try (Node near = node("near", redis.url(), "5m", "127.0.0.1");
        Node far = node("far", redis.url(), "5m", "127.0.0.1");
        StompClient client = near.client()) {
      client.subscribe("sub-0", "/topic/kept");
      awaitAlive(far, "near", "far");

      redis.restart();
      near.awaitReady();
      far.awaitReady();

      near.awaitMetric("drumline_lease_losses_total{reason=\"lost\"}", 1);
      far.awaitMetric("drumline_lease_losses_total{reason=\"lost\"}", 1);
      awaitAlive(near, "near", "far");
      awaitAlive(far, "near", "far");
      client.publish("/topic/kept", "still here");
      client.expectMessage("still here");
      assertThat(near.metric("drumline_closes_total{reason=\"stood_still\"}")).isZero();
    }
  }

  @Test
  void partitionLetsTheLeaseLapseButCostsNoSocket() {
    try (TcpProxy proxy = new TcpProxy(redis.port());
        Node cut = node("cut", proxy.url());
        Node other = node("other", redis.url());
        StompClient client = cut.client()) {
      client.subscribe("sub-0", "/topic/kept");
      awaitAlive(other, "cut", "other");
      awaitAlive(cut, "cut", "other");

      proxy.switchTo(RedisServer.freePort()); // where nobody is
      awaitAlive(other, "other");
      other.awaitMetric("drumline_nodes", 1);
      // The node that is cut off shows what it knew, and that it is old.
      Node.patiently().until(() -> shown(cut).path("stale").asBoolean());
      assertThat(shown(cut).path("nodes")).hasSize(2);
      assertThat(shown(cut).path("age").asDouble()).isGreaterThan(2);
      cut.awaitMetric("drumline_nodes", 0);
      assertThat(cut.metric("drumline_lease_age_seconds")).isGreaterThan(2);
      assertThat(cut.metric("drumline_lease_renewals_total{outcome=\"failed\"}")).isPositive();

      proxy.switchTo(redis.port());
      cut.awaitReady();
      awaitAlive(other, "cut", "other");
      cut.awaitMetric("drumline_lease_losses_total{reason=\"lapsed\"}", 1);
      client.publish("/topic/kept", "still here");
      client.expectMessage("still here");
      assertThat(cut.metric("drumline_closes_total{reason=\"stood_still\"}")).isZero();
    }
  }

  @Test
  void nodeThatHasNotReachedRedisYetSaysSo() {
    redis.kill();
    try (Node node = Node.starting(redis.url(), "drumline.api.anonymous=true")) {
      assertThat(node.control("/api/v1/nodes").statusCode()).isEqualTo(503);
      assertThat(node.control("/api/v1/nodes").body())
          .contains("This node has not reached the other nodes' registry yet.");

      redis.restart();
      node.awaitReady();
      Node.patiently().until(() -> node.control("/api/v1/nodes").statusCode() == 200);
    }
  }
}

package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.CloseCode;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.ClusteredRedis;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.cluster.SlotHash;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nodes on a Redis Cluster of three masters. */
class RedisClusterIT {
  private static final String UNAVAILABLE = "the backplane is unavailable.";

  private static ClusteredRedis redis;
  private static Node near;
  private static Node far;

  @BeforeAll
  static void start() {
    redis = new ClusteredRedis(3, 0, "--cluster-require-full-coverage", "no");
    near = node("near");
    far = node("far");
  }

  @AfterAll
  static void stop() {
    near.close();
    far.close();
    redis.close();
  }

  private static Node node(String id) {
    return Node.configured(
        "drumline.backplane=redis",
        "spring.data.redis.cluster.nodes=" + redis.nodes(),
        "drumline.node-id=" + id,
        "drumline.node.renewal=200ms",
        "drumline.security.anonymous=true",
        "drumline.api.anonymous=true",
        "drumline.session.position-interval=100ms",
        "drumline.hub.linger=10ms");
  }

  private static List<String> destinations(String kind, int count) {
    return IntStream.range(0, count).mapToObj(n -> "/" + kind + "/many/" + n).toList();
  }

  private static int masterOf(String destination) {
    return redis.masterOf("drumline:{" + destination + "}:m");
  }

  /** A destination that this master has. */
  private static String destinationOf(int master, String name) {
    return Stream.iterate(0, n -> n + 1)
        .map(n -> "/topic/" + name + n)
        .filter(destination -> masterOf(destination) == master)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void destinationsOfAllMastersAreHeardOnAllNodes() {
    List<String> all =
        Stream.concat(destinations("topic", 40).stream(), destinations("ephemeral", 20).stream())
            .toList();
    assertThat(all.stream().map(RedisClusterIT::masterOf).distinct()).hasSize(3);
    try (StompClient subscriber = near.client();
        StompClient publisher = far.client()) {
      Map<String, String> ids = new HashMap<>();
      for (String destination : all) {
        ids.put(destination, "s" + ids.size());
        subscriber.subscribe(ids.get(destination), destination);
      }
      for (String destination : all) {
        for (String body : List.of("first", "second")) {
          publisher.publishConfirmed(destination, body + " at " + destination);
        }
      }
      Map<String, List<String>> heard =
          IntStream.range(0, 2 * all.size())
              .mapToObj(n -> subscriber.expect("MESSAGE"))
              .collect(
                  Collectors.groupingBy(
                      message -> message.header("destination"),
                      Collectors.mapping(StompFrame::bodyText, Collectors.toList())));
      assertThat(heard).hasSize(all.size());
      heard.forEach(
          (destination, bodies) ->
              assertThat(bodies)
                  .containsExactly("first at " + destination, "second at " + destination));
    }
  }

  @Test
  void clientsResumeAndAMessageWithAnIdIsStoredOnce() {
    try (StompClient publisher = far.client()) {
      for (int master = 0; master < 3; master++) {
        String destination = destinationOf(master, "resumed");
        StompClient before = near.client();
        before.subscribe("1", destination);
        publisher.publishConfirmed(destination, "first", "id:mine");
        publisher.publishConfirmed(destination, "first", "id:mine");
        String position = before.expectMessage("first").header("message-id");
        before.close();
        publisher.publishConfirmed(destination, "second");
        try (StompClient after = far.client()) {
          after.command(
              "SUBSCRIBE", "id:1", "destination:" + destination, "resume-after:" + position);
          after.expectMessage("second");
        }
      }
    }
  }

  @Test
  void sessionsMembersAndBlocksAreSharedByAllNodes() {
    near.awaitMetric("drumline_nodes", 2);
    far.awaitMetric("drumline_nodes", 2);
    for (int n = 0; n < 6; n++) { // their keys are anywhere
      StompClient first = near.client("client-id:c" + n);
      first.subscribe("1", "/topic/shared/" + n);
      try (StompClient second = far.client("client-id:c" + n)) {
        assertThat(first.expectClose()).isEqualTo(CloseCode.FENCED.code());
        second.command("SUBSCRIBE", "id:1", "destination:/topic/shared/" + n);
      }
    }
    String block = "{\"user\": \"ann\", \"action\": \"block\", \"for\": \"1h\"}";
    assertThat(near.json("POST", "/api/v1/revocations", block, "").statusCode())
        .isBetween(200, 201);
    assertThat(far.control("/api/v1/revocations").body()).contains("ann");
    far.awaitMetric("drumline_control_notices_total{kind=\"blocked\"}", 1);
    assertThat(far.json("DELETE", "/api/v1/revocations/user/ann", "", "").statusCode())
        .isBetween(200, 204);
  }

  @Test
  void nodesGoOnAfterTheScriptsWereFlushed() {
    try (StompClient client = near.client()) {
      for (RedisServer master : redis.masters()) {
        TestRedis.with(master.url(), connection -> connection.sync().scriptFlush());
      }
      for (String destination : destinations("topic", 20)) {
        client.publishConfirmed(destination, "after");
        client.command("SUBSCRIBE", "id:" + destination, "destination:" + destination, "replay:1");
        client.expectMessage("after");
      }
    }
  }

  /** Redis says ASK for what has been moved already, and for what is new. */
  @Test
  void aSlotServesWhileItIsOnItsWay() {
    String destination = destinationOf(0, "moving");
    String key = "drumline:{" + destination + "}:m";
    String unused = another(key, n -> "/topic/new" + n, d -> "drumline:{" + d + "}:m");
    String clientId = another(key, n -> "moving" + n, id -> "drumline:session:" + id);
    try (StompClient subscriber = far.client();
        StompClient publisher = near.client()) {
      subscriber.subscribe("1", destination);
      publisher.publishConfirmed(destination, "before");
      subscriber.expectMessage("before");
      StompClient first = near.client("client-id:" + clientId);
      first.subscribe("1", destination);
      first.close();

      redis.beginMove(key, 0, 1);
      publisher.publishConfirmed(destination, "on its way");
      subscriber.expectMessage("on its way");
      redis.moveKeys(key, 0, 1);
      publisher.publishConfirmed(destination, "moved");
      publisher.publishConfirmed(destination, "moved with an id", "id:mine");
      publisher.publishConfirmed(destination, "moved with an id", "id:mine");
      publisher.publishConfirmed(destination, "last");
      subscriber.expectMessage("moved");
      subscriber.expectMessage("moved with an id");
      subscriber.expectMessage("last");
      publisher.publishConfirmed(unused, "first");
      publisher.command("SUBSCRIBE", "id:new", "destination:" + unused, "replay:1");
      publisher.expectMessage("first");
      try (StompClient second = far.client("client-id:" + clientId)) {
        second.command("SUBSCRIBE", "id:1", "destination:" + destination);
      }
      redis.endMove(key, 0, 1);
      publisher.publishConfirmed(destination, "arrived");
      subscriber.expectMessage("arrived");
    }
  }

  /** A name whose key shares the slot of another key. */
  private static String another(String key, IntFunction<String> names, UnaryOperator<String> keys) {
    int slot = SlotHash.getSlot(key);
    return IntStream.iterate(0, n -> n + 1)
        .mapToObj(names)
        .filter(name -> SlotHash.getSlot(keys.apply(name)) == slot)
        .findFirst()
        .orElseThrow();
  }

  /** The master that had the slot says MOVED; nobody has asked who has it since. */
  @Test
  void aSessionIsOpenedWhoseSlotWasMoved() {
    String clientId =
        IntStream.iterate(0, n -> n + 1)
            .mapToObj(n -> "moved" + n)
            .filter(id -> redis.masterOf("drumline:session:" + id) == 1)
            .findFirst()
            .orElseThrow();
    redis.move("drumline:session:" + clientId, 1, 2);
    near.client("client-id:" + clientId).close();
    far.client("client-id:" + clientId).close();
  }

  @Test
  void whatOtherMastersHaveGoesOnWhileOneIsAway() {
    // Who has the blocks is needed for each CONNECT, who has the leases for those.
    int survivor = redis.masterOf("drumline:revoked");
    int victim =
        IntStream.range(0, 3)
            .filter(each -> each != survivor && each != redis.masterOf("drumline:nodes"))
            .findFirst()
            .orElseThrow();
    String lost = destinationOf(victim, "lost");
    String kept = destinationOf(survivor, "kept");
    try (StompClient subscriber = far.client();
        StompClient steady = near.client()) {
      subscriber.subscribe("1", kept);
      subscriber.subscribe("2", lost);
      steady.publishConfirmed(kept, "before");
      subscriber.expectMessage("before");
      redis.master(victim).kill();
      try {
        Node.patiently() // the node may have heard from the victim, and take nobody for a moment
            .ignoreExceptionsMatching(e -> String.valueOf(e).contains("takes no connections now"))
            .until(
                () -> {
                  try (StompClient sender = near.client()) {
                    sender.publish(lost, "x", "receipt:x");
                    StompFrame answer = sender.expect("ERROR", "receipt-id:x");
                    assertThat(sender.expectClose()).isEqualTo(1013);
                    return answer.header("message").endsWith(UNAVAILABLE);
                  }
                });
        steady.publishConfirmed(kept, "during");
        subscriber.expectMessage("during");
        near.awaitReady(); // it may have heard from the victim
        far.awaitReady();
      } finally {
        redis.master(victim).restart();
      }
      redis.awaitWhole();
      Node.patiently().until(() -> published(near, lost));
      Node.patiently().until(() -> subscriber.expect("MESSAGE").bodyText().equals("again"));
    }
  }

  private static boolean published(Node node, String destination) {
    try (StompClient client = node.client()) {
      client.publish(destination, "again", "receipt:again");
      return client.nextFrame().command().equals("RECEIPT");
    }
  }
}

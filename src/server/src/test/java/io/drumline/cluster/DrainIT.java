package io.drumline.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.jayway.jsonpath.JsonPath;
import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.TestRedis;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A node that is told to drain, and stays up. */
@ExtendWith(OutputCaptureExtension.class)
class DrainIT {
  private static final String DRAIN = "/actuator/drain";
  private static final String NO_GRACE = "drumline.drain.grace=0s";
  private static final int GOING_AWAY = 1001;

  private final List<Node> nodes = new ArrayList<>();
  private final Swarm swarm = new Swarm();

  @AfterEach
  void stop() {
    swarm.close();
    nodes.forEach(Node::close);
  }

  private Node alone(String... properties) {
    return started(Node.alone(properties));
  }

  private Node started(Node node) {
    nodes.add(node);
    return node;
  }

  private static void drain(Node node) {
    assertThat(node.control("POST", DRAIN).statusCode()).isEqualTo(202);
  }

  private static void awaitStage(Node node, String stage) {
    Node.patiently().until(() -> node.control(DRAIN).body().contains("\"" + stage + "\""));
  }

  @Test
  void isUnreadyAndTakesNobodyBeforeTheFirstSocketIsClosed(CapturedOutput output)
      throws IOException {
    Node node = alone("drumline.drain.grace=10m");
    Peer client = swarm.connect(node);
    assertThat(node.readiness()).isEqualTo(200);
    assertThat(node.metric("drumline_draining")).isZero();

    drain(node);
    Node.patiently()
        .untilAsserted(
            () ->
                assertThat(output.getOut())
                    .contains("Draining: for 600 s (drumline.drain.grace) load balancers may"));
    assertThat(node.healthz()).isEqualTo(503);
    assertThat(node.readiness()).isEqualTo(503);
    assertThat(node.liveness()).isEqualTo(200);
    RawWebSocket.Response refusal = RawWebSocket.to(node.port()).protocols("v12.stomp").refused();
    assertThat(refusal.status()).isEqualTo(503);
    assertThat(refusal.header("Retry-After")).matches("[1-9][0-9]?");
    assertThat(node.metric("drumline_draining")).isEqualTo(1);
    assertThat(node.control(DRAIN).body())
        .isEqualTo("{\"stage\":\"GRACE\",\"connections\":1,\"planned\":0,\"closed\":0}");

    Peer.join(client.subscribe("sub-0", "/topic/a"));
    Peer.join(client.publish("/topic/a", "still served"));
    client.awaitMessages(1);
    assertThat(client.closed()).isNotDone();
  }

  @Test
  void closesEverySocketAndStaysUpWithoutAny() {
    Node node = alone(NO_GRACE, "drumline.drain.window=500ms");
    List<Peer> clients = swarm.connect(node, Swarm.Kind.PLAIN, 50);
    drain(node);
    assertThat(clients).allSatisfy(c -> assertThat(Peer.join(c.closed())).isEqualTo(GOING_AWAY));
    awaitStage(node, "DRAINED");
    assertThat(node.control(DRAIN).body())
        .isEqualTo("{\"stage\":\"DRAINED\",\"connections\":0,\"planned\":50,\"closed\":50}");
    assertThat(node.metric("drumline_drain_closed_total")).isEqualTo(50);
    assertThat(node.metric("drumline_closes_total{reason=\"going_away\"}")).isEqualTo(50);
    assertThat(node.metric("drumline_draining")).isEqualTo(1);
    assertThat(node.healthz()).isEqualTo(503);
    drain(node); // again changes nothing
    assertThat(node.control(DRAIN).body()).contains("DRAINED");
  }

  @Test
  void tellsClientsToReconnect() throws IOException {
    Node node = alone(NO_GRACE);
    try (RawWebSocket socket = RawWebSocket.connect(node.port(), "v12.stomp")) {
      drain(node);
      RawWebSocket.Frame close = socket.next();
      assertThat(close.closeCode()).isEqualTo(GOING_AWAY);
      assertThat(new String(close.payload(), UTF_8).substring(2))
          .isEqualTo("This node is going away: reconnect now.");
    }
  }

  @Test
  void waitsForNothingWithoutSockets() {
    Node node = alone(NO_GRACE, "drumline.drain.window=1h");
    drain(node);
    awaitStage(node, "DRAINED");
  }

  @Test
  void closesTheHeaviestLast() {
    Node node = alone(NO_GRACE, "drumline.drain.window=600ms");
    List<Integer> order = new ArrayList<>(); // written by the swarm's one thread
    for (int subscriptions : new int[] {9, 0, 5, 2, 7, 1}) {
      Peer client = swarm.connect(node);
      for (int i = 0; i < subscriptions; i++) {
        Peer.join(client.subscribe("sub-" + i, "/topic/" + i));
      }
      client.closed().thenRun(() -> order.add(subscriptions));
    }
    drain(node);
    awaitStage(node, "DRAINED");
    Node.patiently().untilAsserted(() -> assertThat(order).containsExactly(0, 1, 2, 5, 7, 9));
  }

  @Test
  void servesAgainWhenItIsTakenBack() {
    Node node = alone(NO_GRACE, "drumline.drain.window=10m");
    List<Peer> clients = swarm.connect(node, Swarm.Kind.PLAIN, 3);
    drain(node);
    Node.patiently()
        .until(() -> clients.stream().filter(client -> client.closed().isDone()).count() == 1);
    assertThat(node.control("DELETE", DRAIN).statusCode()).isEqualTo(200);
    assertThat(node.healthz()).isEqualTo(200);
    assertThat(node.readiness()).isEqualTo(200);
    assertThat(node.metric("drumline_draining")).isZero();
    assertThat(node.control(DRAIN).body())
        .isEqualTo("{\"stage\":\"SERVING\",\"connections\":2,\"planned\":0,\"closed\":0}");
    swarm.connect(node);

    drain(node);
    Node.patiently()
        .until(() -> clients.stream().filter(client -> client.closed().isDone()).count() >= 1);
    assertThat(node.control("DELETE", DRAIN).statusCode()).isEqualTo(200);
  }

  @Test
  void storesWhatSharedSessionsHaveReceived() {
    String id = UUID.randomUUID().toString();
    String topic = "/topic/" + id;
    Node leaves =
        started(
            Node.on(
                TestRedis.url(),
                NO_GRACE,
                "drumline.api.anonymous=true",
                "drumline.session.position-interval=30s"));
    Node stays = started(Node.on(TestRedis.url()));
    String position;
    try (StompClient client = member(leaves, id)) {
      client.subscribe("sub-0", topic, "ack:client-individual");
      client.publish(topic, "m1");
      StompFrame message = client.expectMessage("m1");
      client.confirmed("ACK", "id:" + message.header("ack"));
      position = message.header("message-id");
      drain(leaves);
      assertThat(client.expectClose()).isEqualTo(GOING_AWAY);
    }
    awaitStage(leaves, "DRAINED");
    assertThat(
            TestRedis.<String>with(
                TestRedis.url(), redis -> redis.sync().hget("drumline:session:" + id, topic)))
        .isEqualTo(position);
    try (StompClient client = member(stays, id)) {
      client.subscribe("sub-0", topic);
      client.publish(topic, "m2");
      client.expectMessage("m2");
    }
  }

  @Test
  void isSeenToDrainByTheOthers() {
    String open = "drumline.api.anonymous=true";
    Node leaves = started(Node.on(TestRedis.url(), "drumline.drain.grace=10m", open));
    Node stays = started(Node.on(TestRedis.url(), "drumline.node.renewal=100ms", open));
    Node.patiently().until(() -> !seen(stays, leaves, false).isEmpty());
    drain(leaves);
    Node.patiently().until(() -> !seen(stays, leaves, true).isEmpty());
    leaves.control("DELETE", DRAIN);
    Node.patiently().until(() -> !seen(stays, leaves, false).isEmpty());
  }

  /** Who is seen at that node's port, and drains or does not. */
  private static List<Object> seen(Node by, Node which, boolean draining) {
    return JsonPath.read(
        by.control("/api/v1/nodes").body(),
        "$.nodes[?(@.clientPort == %s && @.draining == %s)].id".formatted(which.port(), draining));
  }

  private static StompClient member(Node node, String clientId) {
    return StompClient.open(node.port(), Carriage.TEXT, "v12.stomp")
        .connect("1.2", "client-id:" + clientId);
  }

  @Test
  void needsNoKeyOnANodeByItselfButIsNoPagesToUse() {
    Node node = alone(NO_GRACE);
    for (String origin : List.of("https://evil.example", "null", "http://localhost:8081")) {
      assertThat(node.control("POST", DRAIN, "Origin", origin).statusCode()).isEqualTo(403);
    }
    assertThat(node.control(DRAIN).body()).contains("SERVING");
    drain(node);
    assertThat(node.control("DELETE", DRAIN).statusCode()).isEqualTo(200);
  }

  @Test
  void isClosedInAClusterWithoutKeys() {
    Node node = started(Node.on(TestRedis.url(), NO_GRACE));
    for (String method : List.of("GET", "POST", "DELETE")) {
      assertThat(node.control(method, DRAIN).statusCode()).isEqualTo(401);
    }
    assertThat(node.healthz()).isEqualTo(200);
  }

  @Test
  void needsTheScopeAdminAndReadToLook() {
    Node node =
        alone(
            NO_GRACE,
            "drumline.api.keys[0].name=reader",
            "drumline.api.keys[0].hash=" + hash("looks"),
            "drumline.api.keys[0].scopes=read,publish",
            "drumline.api.keys[1].name=operator",
            "drumline.api.keys[1].hash=" + hash("operates"),
            "drumline.api.keys[1].scopes=admin");
    assertThat(node.control("POST", DRAIN).statusCode()).isEqualTo(401);
    assertThat(node.control("GET", DRAIN).statusCode()).isEqualTo(401);
    assertThat(node.control("POST", DRAIN, "X-API-Key", "looks").statusCode()).isEqualTo(403);
    assertThat(node.control("DELETE", DRAIN, "X-API-Key", "looks").statusCode()).isEqualTo(403);
    assertThat(node.control("GET", DRAIN, "X-API-Key", "looks").statusCode()).isEqualTo(200);
    assertThat(node.healthz()).isEqualTo(200);
    assertThat(node.control("POST", DRAIN, "X-API-Key", "operates").statusCode()).isEqualTo(202);
    assertThat(node.healthz()).isEqualTo(503);
  }

  private static String hash(String key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8));
      return "sha256:" + HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException everyJvmHasIt) {
      throw new IllegalStateException(everyJvmHasIt);
    }
  }
}

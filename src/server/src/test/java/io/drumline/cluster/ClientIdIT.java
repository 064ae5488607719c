package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that connect with a client-id, on any node. */
class ClientIdIT {
  private static final int FENCED = 4005;

  private static List<Node> nodes = List.of();

  private final String clientId = UUID.randomUUID().toString();

  @BeforeAll
  static void start() {
    nodes =
        Stream.generate(() -> Node.on(TestRedis.url(), "drumline.session.position-interval=100ms"))
            .limit(2)
            .toList();
  }

  @AfterAll
  static void stop() {
    nodes.forEach(Node::close);
  }

  private static StompClient open(Node node) {
    return StompClient.open(node.port(), StompClient.Carriage.TEXT, "v12.stomp");
  }

  private static String connect(String clientId) {
    return "CONNECT\naccept-version:1.2\nhost:localhost\nclient-id:" + clientId + "\n\n\0";
  }

  /** A client that has connected to a session that was there before, or was not. */
  private StompClient connected(Node node, boolean resumed) {
    StompClient client = open(node);
    client.send(connect(clientId));
    client.expect("CONNECTED", "session-resumed:" + resumed);
    return client;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aSecondSocketClosesTheFirstWhereverItIs(int second) {
    try (StompClient older = connected(nodes.get(0), false);
        StompClient newer = connected(nodes.get(second), true)) {
      assertThat(older.expectClose()).isEqualTo(FENCED);
      newer.confirmed("BEGIN", "transaction:t");
    }
  }

  @Test
  void onlyTheNewestOfManySocketsStays() {
    StompClient last = connected(nodes.get(0), false);
    for (int i = 0; i < 10; i++) {
      StompClient next = connected(nodes.get(i % 2), true);
      assertThat(last.expectClose()).isEqualTo(FENCED);
      last.close();
      last = next;
    }
    last.confirmed("BEGIN", "transaction:t");
    last.close();
  }

  @Test
  void aSessionStaysAfterDisconnect() {
    try (StompClient client = connected(nodes.get(0), false)) {
      client.command("DISCONNECT");
      assertThat(client.expectClose()).isEqualTo(1000);
    }
    connected(nodes.get(1), true).close();
  }

  @Test
  void aSessionEndsAfterItsTimeToLiveAndNotBefore() {
    try (Node node =
        Node.on(
            TestRedis.url(),
            "drumline.session.time-to-live=1s",
            "drumline.session.position-interval=100ms")) {
      try (StompClient client = connected(node, false)) {
        // Kept alive without a message, three times a time to live.
        Node.patiently().until(() -> node.metric("drumline_sessions_stores_total") >= 6);
        client.confirmed("BEGIN", "transaction:t");
        assertThat(lives()).isTrue();
      }
      Node.patiently().until(() -> !lives());
      connected(node, false).close();
    }
  }

  private boolean lives() {
    return TestRedis.with(
        TestRedis.url(), c -> c.sync().exists("drumline:session:" + clientId) == 1);
  }

  @Test
  void withoutAClientIdNothingIsSaidOrKept() {
    try (StompClient client = open(nodes.get(0))) {
      client.send("CONNECT\naccept-version:1.2\nhost:localhost\n\n\0");
      assertThat(client.expect("CONNECTED").header("session-resumed")).isNull();
    }
  }

  static Stream<String> badIds() {
    return Stream.of("", " ", "a b", "a/b", "a:b", "\u00e9", "*", "x".repeat(65));
  }

  @ParameterizedTest
  @MethodSource("badIds")
  void refusesWhatIsNoClientId(String bad) {
    try (StompClient client = open(nodes.get(0))) {
      client.send(connect(bad));
      StompFrame error = client.expectErrorAndClose();
      assertThat(error.header("message")).contains("client-id").contains("64");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "~", "..", "AZaz09._~-"})
  void takesEveryCharacterThatItNames(String part) {
    String id = part + clientId.substring(0, 20);
    try (StompClient client = open(nodes.get(0))) {
      client.send(connect(id));
      client.expect("CONNECTED", "session-resumed:false");
    }
  }

  @Test
  void servesWhatCameBehindConnectWhileTheSessionWasOpened() {
    try (StompClient client = open(nodes.get(0))) {
      client.send(
          connect(clientId)
              + "BEGIN\ntransaction:t\nreceipt:1\n\n\0COMMIT\ntransaction:t\nreceipt:2\n\n\0");
      client.expect("CONNECTED", "session-resumed:false");
      client.expect("RECEIPT", "receipt-id:1");
      client.expect("RECEIPT", "receipt-id:2");
      client.confirmed("BEGIN", "transaction:u");
    }
  }

  @Test
  void saysSoWhereTheSessionCannotBeOpened() {
    try (RedisServer redis = RedisServer.start();
        Node node = Node.on(redis.url(), "drumline.redis.probe-interval=100ms");
        StompClient client = open(node)) {
      redis.kill();
      Node.patiently().until(() -> node.healthz() == 503);
      client.send(connect(clientId));
      StompFrame error = client.expect("ERROR");
      assertThat(error.header("message"))
          .isEqualTo("Blocked users cannot be looked up now; the backplane is unavailable.");
      assertThat(client.expectClose()).isEqualTo(1013);
      node.awaitMetric("drumline_closes_total{reason=\"try_again_later\"}", 1);
    }
  }

  @Test
  void countsSessionsAndWhatWasFenced() {
    double fenced = nodes.get(0).metric("drumline_sessions_fenced_total");
    double closed = nodes.get(0).metric("drumline_closes_total{reason=\"fenced\"}");
    nodes.get(0).awaitMetric("drumline_sessions_shared", 0); // those of before are stored
    try (StompClient older = connected(nodes.get(0), false)) {
      nodes.get(0).awaitMetric("drumline_sessions_shared", 1);
      connected(nodes.get(1), true).close();
      assertThat(older.expectClose()).isEqualTo(FENCED);
    }
    nodes.get(0).awaitMetric("drumline_sessions_fenced_total", fenced + 1);
    nodes.get(0).awaitMetric("drumline_closes_total{reason=\"fenced\"}", closed + 1);
    nodes.forEach(node -> node.awaitMetric("drumline_sessions_shared", 0));
  }
}

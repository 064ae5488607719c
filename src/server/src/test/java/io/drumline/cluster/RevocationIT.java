package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.JWTClaimsSet;
import io.drumline.security.TokenMaker;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.TcpProxy;
import io.drumline.testing.redis.RedisServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who is blocked or kicked on one node is so on all of them. */
class RevocationIT {
  private static final int REVOKED = 4011;
  private static final int KICKED = 4012;
  private static final String[] SETTINGS = {
    "drumline.security.jwt.secret=" + TokenMaker.SECRET,
    "drumline.api.anonymous=true",
    "drumline.redis.probe-interval=200ms",
    "drumline.redis.command-timeout=500ms",
    "drumline.security.rules[0].pattern=/topic/**",
    "drumline.security.rules[0].send=anyone",
    "drumline.security.rules[0].subscribe=anyone"
  };

  private static RedisServer redis;
  private static TcpProxy proxy;

  /** The last one reaches Redis through the proxy. */
  private static List<Node> nodes = List.of();

  private final String user = "u-" + UUID.randomUUID();
  private final String topic = "/topic/" + UUID.randomUUID();
  private final List<StompClient> clients = new ArrayList<>();

  @BeforeAll
  static void start() {
    redis = RedisServer.start();
    proxy = new TcpProxy(redis.port());
    nodes =
        List.of(
            Node.on(redis.url(), SETTINGS),
            Node.on(redis.url(), SETTINGS),
            Node.on(proxy.url(), SETTINGS));
  }

  @AfterAll
  static void stop() {
    nodes.forEach(Node::close);
    proxy.close();
    redis.close();
  }

  @AfterEach
  void hangUp() {
    clients.forEach(StompClient::close);
  }

  @Test
  void aUserWhoIsBlockedIsClosedAndRefusedOnAllNodes() {
    List<StompClient> hers = new ArrayList<>();
    for (Node node : nodes) {
      hers.add(connect(node, token(user, "a")));
    }
    StompClient other = connect(nodes.get(1), token("u-" + UUID.randomUUID(), "a"));

    assertThat(revoke("{\"user\":\"%s\",\"action\":\"block\",\"reason\":\"Spam\"}", user))
        .contains("\"kind\":\"user\"", "\"action\":\"block\"", "\"until\":\"");

    hers.forEach(client -> expelled(client, REVOKED, "You are blocked. Spam"));
    nodes.forEach(node -> refused(node, token(user, "b"), REVOKED, "You are blocked. Spam"));
    other.publishConfirmed(topic, "still here");
    assertThat(nodes.get(0).control("/api/v1/revocations").body()).contains(user);

    try (Node restarted = Node.on(redis.url(), SETTINGS)) {
      refused(restarted, token(user, "b"), REVOKED, "You are blocked. Spam");
    }

    assertThat(lift("user", user)).isEqualTo(204);
    assertThat(lift("user", user)).isEqualTo(404);
    nodes.forEach(node -> connect(node, token(user, "b")));
  }

  @Test
  void whoIsKickedMayComeBack() {
    List<StompClient> hers = new ArrayList<>();
    for (Node node : nodes) {
      hers.add(connect(node, token(user, "a")));
    }

    nodes.get(0).awaitMetric("drumline_nodes", nodes.size());
    assertThat(revoke("{\"user\":\"%s\",\"action\":\"kick\"}", user))
        .endsWith("\"action\":\"kick\",\"closed\":%d}".formatted(nodes.size()));

    hers.forEach(client -> expelled(client, KICKED, "You were disconnected."));
    assertThat(revoke("{\"user\":\"%s\",\"action\":\"kick\"}", user))
        .endsWith("\"action\":\"kick\",\"closed\":0}");
    nodes.forEach(node -> connect(node, token(user, "a")));
    assertThat(nodes.get(0).control("/api/v1/revocations").body()).doesNotContain(user);
  }

  @Test
  void aTokenIsRevokedOnALiveSocketAndNoOther() {
    StompClient revoked = connect(nodes.get(0), token(user, user + "-1"));
    StompClient other = connect(nodes.get(0), token(user, user + "-2"));

    revoke("{\"token\":\"%s\",\"action\":\"block\"}", user + "-1");

    expelled(revoked, REVOKED, "This token is revoked.");
    refused(nodes.get(1), token(user, user + "-1"), REVOKED, "This token is revoked.");
    other.publishConfirmed(topic, "still here");
  }

  @Test
  void aFreshTokenMustNotBeRevoked() {
    StompClient client = connect(nodes.get(0), token(user, user + "-1"));
    revoke("{\"token\":\"%s\",\"action\":\"block\"}", user + "-2");

    client.publish("/app/session/token", token(user, user + "-2"));

    expelled(client, REVOKED, "This token is revoked.");
  }

  @Test
  void afterARenewalTheFreshTokenCountsAndTheFormerNoMore() {
    StompClient client = connect(nodes.get(0), token(user, user + "-1"));
    client.publishConfirmed("/app/session/token", token(user, user + "-2"));

    revoke("{\"token\":\"%s\",\"action\":\"block\"}", user + "-1");
    client.publishConfirmed(topic, "still here");

    revoke("{\"token\":\"%s\",\"action\":\"block\"}", user + "-2");
    expelled(client, REVOKED, "This token is revoked.");
  }

  /** While one is checked, the next one has come. */
  @Test
  void aTokenThatCameBesideAnotherIsRevokedAsWell() {
    StompClient client = connect(nodes.get(0), token(user, user + "-1"));
    StringBuilder renewals = new StringBuilder();
    for (int i = 2; i <= 5; i++) {
      renewals.append(
          "SEND\ndestination:/app/session/token\nreceipt:r%d\n\n%s\0"
              .formatted(i, token(user, user + "-" + i)));
    }
    client.send(renewals.toString());
    for (int i = 2; i <= 5; i++) {
      client.expect("RECEIPT", "receipt-id:r" + i);
    }

    revoke("{\"token\":\"%s\",\"action\":\"block\"}", user + "-4");
    client.publishConfirmed(topic, "still here");
    revoke("{\"token\":\"%s\",\"action\":\"block\"}", user + "-5");
    expelled(client, REVOKED, "This token is revoked.");
  }

  @Test
  void aSharedSessionIsBlockedByItsClientId() {
    StompClient anonymous = open(nodes.get(0)).connect("1.2", "client-id:" + user);

    revoke("{\"session\":\"%s\",\"action\":\"block\",\"for\":\"1h\"}", user);

    expelled(anonymous, REVOKED, "This session is blocked.");
    for (Node node : nodes) {
      StompClient again = open(node);
      again.send("CONNECT\naccept-version:1.2\nhost:h\nclient-id:" + user + "\n\n\0");
      expelled(again, REVOKED, "This session is blocked.");
    }
    open(nodes.get(0)).connect("1.2", "client-id:" + user + "x");
  }

  @Test
  void aSocketIsKickedByItsSessionId() {
    StompClient anonymous = open(nodes.get(1));
    anonymous.send("CONNECT\naccept-version:1.2\nhost:h\n\n\0");
    String session = anonymous.expect("CONNECTED").header("session");

    revoke("{\"session\":\"%s\",\"action\":\"kick\",\"reason\":\"Update\"}", session);

    expelled(anonymous, KICKED, "You were disconnected. Update");
  }

  @Test
  void aBlockEndsByItself() {
    revoke("{\"user\":\"%s\",\"action\":\"block\",\"for\":\"2s\"}", user);
    refused(nodes.get(1), token(user, "a"), REVOKED, "You are blocked.");

    Node.patiently()
        .until(
            () -> {
              StompClient again = open(nodes.get(1));
              again.send(connect(token(user, "a")));
              return again.nextFrame().command().equals("CONNECTED");
            });
  }

  @Test
  void aNodeThatWasCutOffFromRedisClosesThemOnceItIsBack() {
    Node away = nodes.get(2);
    StompClient client = connect(away, token(user, "a"));
    client.subscribe("s", topic);
    proxy.switchTo(unusedPort());
    Node.patiently().until(() -> away.healthz() == 503);

    revoke("{\"user\":\"%s\",\"action\":\"block\"}", user);
    client.expectNothing(Duration.ofMillis(300));
    proxy.switchTo(redis.port());

    expelled(client, REVOKED, "You are blocked.");
    away.awaitReady();
  }

  @Test
  void theApiTakesNoTokenThatIsRevoked() {
    String[] settings = {
      "drumline.security.jwt.secret=" + TokenMaker.SECRET, "drumline.api.tokens=true"
    };
    JWTClaimsSet.Builder claims = claims(user, user + "-1").claim("scope", "admin");
    String token = TokenMaker.hmac(claims);
    try (Node node = Node.on(redis.url(), settings)) {
      assertThat(node.json("GET", "/api/v1/revocations", "", token).statusCode()).isEqualTo(200);
      revoke("{\"token\":\"%s\",\"action\":\"block\"}", user + "-1");
      HttpResponse<String> answer = node.json("GET", "/api/v1/revocations", "", token);
      assertThat(answer.statusCode()).isEqualTo(401);
      assertThat(answer.body()).contains("revoked");
    }
  }

  @Test
  void countsBlocksAndTheSocketsTheyClose() {
    double blocks = nodes.get(0).metric("drumline_revocations_total{kind=\"user\"}");
    double closes = nodes.get(1).metric("drumline_closes_total{reason=\"revoked\"}");
    StompClient client = connect(nodes.get(1), token(user, "a"));
    revoke("{\"user\":\"%s\",\"action\":\"block\"}", user);
    expelled(client, REVOKED, "You are blocked.");
    nodes.get(0).awaitMetric("drumline_revocations_total{kind=\"user\"}", blocks + 1);
    nodes.get(1).awaitMetric("drumline_closes_total{reason=\"revoked\"}", closes + 1);
  }

  private StompClient open(Node node) {
    StompClient client = StompClient.open(node.port(), Carriage.TEXT, "v12.stomp");
    clients.add(client);
    return client;
  }

  private StompClient connect(Node node, String token) {
    return open(node).connect("1.2", "Authorization:Bearer " + token);
  }

  private void refused(Node node, String token, int code, String sentence) {
    StompClient client = open(node);
    client.send(connect(token));
    expelled(client, code, sentence);
  }

  private static void expelled(StompClient client, int code, String sentence) {
    assertThat(client.expect("ERROR").header("message")).isEqualTo(sentence);
    assertThat(client.expectClose()).isEqualTo(code);
  }

  private static String revoke(String json, String name) {
    HttpResponse<String> answer =
        nodes.get(0).json("POST", "/api/v1/revocations", json.formatted(name), "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  private static int lift(String kind, String name) {
    return nodes
        .get(1)
        .json("DELETE", "/api/v1/revocations/" + kind + "/" + name, "", "")
        .statusCode();
  }

  private static String connect(String token) {
    return "CONNECT\naccept-version:1.2\nhost:h\nAuthorization:Bearer " + token + "\n\n\0";
  }

  private static String token(String user, String id) {
    return TokenMaker.hmac(claims(user, id));
  }

  private static JWTClaimsSet.Builder claims(String user, String id) {
    return new JWTClaimsSet.Builder()
        .subject(user)
        .jwtID(id)
        .expirationTime(Date.from(Instant.now().plusSeconds(600)));
  }

  /** One where nothing listens: the proxy hangs up at once. */
  private static int unusedPort() {
    return 1;
  }
}

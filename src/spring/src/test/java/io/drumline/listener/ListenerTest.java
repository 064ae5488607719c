package io.drumline.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.RawWebSocket.Response;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Over HTTP, up to the upgrade. */
class ListenerTest {
  private TestListener listener = new TestListener();

  @AfterEach
  void stop() {
    listener.close();
  }

  private void restart(String... settings) {
    listener.close();
    listener = new TestListener(settings);
  }

  private Response exchange(String request) throws IOException {
    try (RawWebSocket socket = RawWebSocket.open(listener.port())) {
      socket.raw(request);
      return socket.response();
    }
  }

  @Test
  void upgradesAndEchoesTheSubprotocol() throws IOException {
    try (RawWebSocket socket = RawWebSocket.connect(listener.port(), "v10.stomp", "v12.stomp")) {
      assertThat(socket.protocol()).isEqualTo("v12.stomp");
      assertThat(listener.upgrades("accepted")).isEqualTo(1);
    }
  }

  @Test
  void upgradesWithAQueryInTheUrl() throws IOException {
    try (RawWebSocket socket = RawWebSocket.to(listener.port()).path("/ws?a=b").connect()) {
      assertThat(socket.protocol()).isEmpty();
    }
  }

  @Test
  void takesTargetsInAbsoluteForm() throws IOException {
    String host = "localhost:" + listener.port();
    for (String scheme : List.of("http", "ws")) {
      RawWebSocket.to(listener.port()).path(scheme + "://" + host + "/ws").connect().close();
    }
    assertThat(exchange("GET http://localhost/healthz HTTP/1.1\r\nHost: x\r\n\r\n").status())
        .isEqualTo(200);
  }

  @Test
  void comparesTheOriginWithTheHostOfAnAbsoluteTarget() throws IOException {
    RawWebSocket.to(listener.port())
        .path("http://other/ws") // Host names 127.0.0.1
        .header("Origin", "http://other:3000")
        .connect()
        .close();
    assertThat(
            RawWebSocket.to(listener.port())
                .path("http://other/ws")
                .header("Origin", "http://127.0.0.1")
                .refused()
                .status())
        .isEqualTo(403);
  }

  @Test
  void servesTheConfiguredPath() throws IOException {
    restart("path", "/stomp");
    assertThat(RawWebSocket.to(listener.port()).refused().status()).isEqualTo(404);
    RawWebSocket.to(listener.port()).path("/stomp").connect().close();
  }

  @Test
  void refusesInASentenceAndHangsUp() throws IOException {
    try (RawWebSocket socket = RawWebSocket.open(listener.port())) {
      socket.raw("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n");
      Response response = socket.response();
      assertThat(response.status()).isEqualTo(426);
      assertThat(response.header("Upgrade")).isEqualTo("websocket");
      assertThat(response.header("Connection")).isEqualTo("close");
      assertThat(response.body())
          .isEqualTo("This is a WebSocket endpoint: connect with a STOMP client.\n");
      assertThat(socket.ended()).isTrue();
      assertThat(listener.upgrades("bad_request")).isEqualTo(1);
    }
  }

  @Test
  void refusesHostNamesThatAreNotItsOwn() throws IOException {
    restart("host-names", "chat.example.org, LOCALHOST");
    RawWebSocket.to(listener.port()).connect().close(); // Host: localhost:<port>
    RawWebSocket.to(listener.port()).path("http://chat.example.org/ws").connect().close();
    assertThat(RawWebSocket.to(listener.port()).path("http://rebound.example/ws").refused())
        .extracting(Response::status)
        .isEqualTo(421);
    assertThat(exchange("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n").status()).isEqualTo(421);
  }

  @Test
  void refusesAnUnknownSubprotocolIfConfigured() throws IOException {
    RawWebSocket.to(listener.port()).protocols("arduino").connect().close();
    restart("unknown-subprotocol", "refuse");
    Response response = RawWebSocket.to(listener.port()).protocols("mqtt").refused();
    assertThat(response.status()).isEqualTo(400);
    assertThat(response.headers()).doesNotContainKey("sec-websocket-protocol");
  }

  @Test
  void refusesOtherMethods() throws IOException {
    Response response = exchange("POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    assertThat(response.status()).isEqualTo(405);
    assertThat(response.header("Allow")).isEqualTo("GET");
  }

  @Test
  void knowsNoOtherPaths() throws IOException {
    assertThat(exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n").status()).isEqualTo(404);
    assertThat(exchange("GET /ws/ HTTP/1.1\r\nHost: x\r\n\r\n").status()).isEqualTo(404);
    assertThat(listener.upgrades("not_found")).isEqualTo(2);
  }

  @Test
  void answersGarbageAndOversizedRequests() throws IOException {
    assertThat(exchange("\u0016\u0003\u0001 hello\r\n\r\n").status()).isEqualTo(400);
    String longLine = "a".repeat(5000);
    assertThat(exchange("GET /" + longLine + " HTTP/1.1\r\n\r\n").status()).isEqualTo(414);
    String longHeaders = ("X-A: " + "a".repeat(3000) + "\r\n").repeat(6);
    assertThat(exchange("GET /ws HTTP/1.1\r\n" + longHeaders + "\r\n").status()).isEqualTo(431);
    String longBody = "POST /ws HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + "a".repeat(5000);
    assertThat(exchange(longBody).status()).isEqualTo(413);
  }

  @Test
  void answersHealthChecksOnOneConnection() throws IOException {
    try (RawWebSocket socket = RawWebSocket.open(listener.port())) {
      socket.raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /healthz HTTP/1.1\r\n\r\n");
      Response get = socket.response();
      assertThat(get.status()).isEqualTo(200);
      assertThat(get.body()).isEqualTo("ok\n");
      Response head = socket.headResponse();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).isEqualTo("3");

      listener.accepting.set(false);
      socket.raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(socket.response().status()).isEqualTo(503);

      listener.accepting.set(true);
      socket.raw("DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(socket.response().status()).isEqualTo(405);
    }
  }

  @Test
  void upgradesAConnectionThatAskedForHealthBefore() throws IOException {
    try (RawWebSocket socket = RawWebSocket.open(listener.port())) {
      socket.raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(socket.response().status()).isEqualTo(200);
      socket.raw(
          "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
              + RawWebSocket.KEY
              + "\r\n\r\n");
      assertThat(socket.response().status()).isEqualTo(101);
    }
  }

  @Test
  void hangsUpOnWhoAsksAndNeverReads() throws IOException {
    restart("handshake-timeout", "500ms");
    byte[] many =
        "GET /healthz HTTP/1.1\r\n\r\n".repeat(10_000).getBytes(StandardCharsets.US_ASCII);
    try (RawWebSocket socket = RawWebSocket.open(listener.port())) {
      assertThatThrownBy(
              () -> {
                for (long sent = 0; sent < 64 << 20; sent += many.length) {
                  socket.raw(many);
                }
              })
          .isInstanceOf(IOException.class);
    }
    assertThat(listener.failed("timeout")).isEqualTo(1);
  }

  @Test
  void closesHealthConnectionsThatAskForIt() throws IOException {
    try (RawWebSocket socket = RawWebSocket.open(listener.port())) {
      socket.raw("GET /healthz HTTP/1.0\r\n\r\n");
      assertThat(socket.response().status()).isEqualTo(200);
      assertThat(socket.ended()).isTrue();
    }
  }

  @Test
  void refusesSocketsWhileTheNodeTakesNone() throws IOException {
    listener.accepting.set(false);
    Response response = RawWebSocket.to(listener.port()).refused();
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.header("Retry-After")).matches("[1-9][0-9]*");
    assertThat(listener.upgrades("unavailable")).isEqualTo(1);
  }

  @Test
  void refusesSocketsOverTheLimitUntilOneLeaves() throws IOException {
    restart("max-connections", "2");
    RawWebSocket first = RawWebSocket.connect(listener.port());
    try (RawWebSocket second = RawWebSocket.connect(listener.port())) {
      Response response = RawWebSocket.to(listener.port()).refused();
      assertThat(response.status()).isEqualTo(503);
      assertThat(response.headers()).containsKey("retry-after");
      assertThat(listener.upgrades("full")).isEqualTo(1);
      assertThat(second.upgradeResponse().status()).isEqualTo(101);

      first.close();
      await().untilAsserted(() -> RawWebSocket.connect(listener.port()).close());
    }
  }

  @Test
  void keepsFramesThatComeWithTheRequest() throws IOException {
    byte[] ping =
        RawWebSocket.encode(
            RawWebSocket.FIN | RawWebSocket.PING, true, "early".getBytes(StandardCharsets.UTF_8));
    try (RawWebSocket socket = RawWebSocket.to(listener.port()).early(ping).connect()) {
      assertThat(socket.next().text()).isEqualTo("early");
    }
  }

  @Test
  void keepsHalfAFrameThatComesWithTheRequest() throws IOException {
    byte[] message =
        RawWebSocket.encode(
            RawWebSocket.FIN | RawWebSocket.TEXT, true, "early".getBytes(StandardCharsets.UTF_8));
    byte[] half = Arrays.copyOf(message, 5);
    try (RawWebSocket socket = RawWebSocket.to(listener.port()).early(half).connect()) {
      socket.raw(Arrays.copyOfRange(message, 5, message.length));
      await().until(() -> listener.received().length == 5);
      assertThat(listener.received()).asString().isEqualTo("early");
    }
  }

  @Test
  void hangsUpOnWhoSendsNoWholeRequest() throws IOException {
    restart("handshake-timeout", "200ms");
    try (RawWebSocket silent = RawWebSocket.open(listener.port());
        RawWebSocket slow = RawWebSocket.open(listener.port());
        RawWebSocket idle = RawWebSocket.open(listener.port());
        RawWebSocket upgraded = RawWebSocket.connect(listener.port())) {
      slow.raw("GET /ws HTTP/1.1\r\n");
      idle.raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(silent.ended()).isTrue();
      assertThat(slow.ended()).isTrue();
      assertThat(idle.response().status()).isEqualTo(200);
      assertThat(idle.ended()).isTrue();
      upgraded.frame(RawWebSocket.FIN | RawWebSocket.PING, true, new byte[0]);
      assertThat(upgraded.next().opcode()).isEqualTo(RawWebSocket.PONG);
    }
  }

  @Test
  void keepsSocketsWhenItStopsAccepting() throws IOException {
    int port = listener.port();
    try (RawWebSocket socket = RawWebSocket.connect(port)) {
      listener.stopAccepting();
      // A connection proves nothing: a free port can reach itself.
      new ServerSocket(port).close();
      socket.frame(RawWebSocket.FIN | RawWebSocket.PING, true, new byte[0]);
      assertThat(socket.next().opcode()).isEqualTo(RawWebSocket.PONG);
    }
  }

  @Test
  void saysInOneSentenceThatThePortIsTaken() {
    String port = String.valueOf(listener.port());
    assertThatThrownBy(() -> new TestListener("port", port).close())
        .isInstanceOf(CannotListenException.class)
        .hasMessage(
            "Port "
                + port
                + ", drumline.listener.port, cannot be opened for clients:"
                + " another process is using it.")
        .satisfies(
            thrown ->
                assertThat(new CannotListenFailureAnalyzer().analyze(new Exception(thrown)))
                    .extracting(FailureAnalysis::getDescription)
                    .isEqualTo(thrown.getMessage()));
  }

  @Test
  void countsEveryOutcomeFromTheStart() {
    assertThat(Map.of("full", listener.upgrades("full"), "bad", listener.upgrades("bad_request")))
        .containsEntry("full", 0.0)
        .containsEntry("bad", 0.0);
  }
}

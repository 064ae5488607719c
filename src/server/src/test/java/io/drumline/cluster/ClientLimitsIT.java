package io.drumline.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.security.TokenMaker;
import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each limit is answered with a sentence and a close code, and counted by its name. */
class ClientLimitsIT {
  private static final int PROTOCOL_ERROR = 1002;
  private static final int TOO_BIG = 1009;
  private static final int TOO_MANY_UNACKNOWLEDGED = 4004;
  private static final int TOO_MANY_CONNECTIONS = 4013;

  private static Node node;
  private final List<StompClient> clients = new ArrayList<>();

  @BeforeAll
  static void start() {
    node =
        Node.alone(
            "drumline.security.jwt.secret=" + TokenMaker.SECRET,
            "drumline.security.anonymous=true",
            "drumline.security.max-connections-per-user=2",
            "drumline.security.rules[0].pattern=/topic/**",
            "drumline.security.rules[0].send=anyone",
            "drumline.security.rules[0].subscribe=anyone",
            "drumline.stomp.max-headers=8",
            "drumline.stomp.max-header-size=1KB",
            "drumline.stomp.max-connect-frame-size=2KB",
            "drumline.stomp.max-body-size=4KB",
            "drumline.stomp.max-subscriptions=1",
            "drumline.stomp.max-transactions=1",
            "drumline.stomp.max-unacknowledged=1",
            "drumline.listener.max-frame-bytes=8KB",
            "drumline.listener.max-message-bytes=12KB",
            "drumline.listener.max-fragments=4");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void hangUp() {
    clients.forEach(StompClient::close);
  }

  private StompClient open() {
    StompClient client = StompClient.open(node.port(), Carriage.TEXT, "v12.stomp");
    clients.add(client);
    return client;
  }

  private static double exceeded(String limit) {
    return node.metric("drumline_limits_exceeded_total{limit=\"" + limit + "\"}");
  }

  private void refused(String limit, int code, String sentence, String... frames) {
    double before = exceeded(limit);
    StompClient client = open().connect("1.2");
    for (String frame : frames) {
      client.send(frame);
    }
    ended(client, limit, before, code, sentence);
  }

  private static void ended(
      StompClient client, String limit, double before, int code, String sentence) {
    assertThat(client.expect("ERROR").header("message")).contains(sentence);
    assertThat(client.expectClose()).isEqualTo(code);
    assertThat(exceeded(limit)).isEqualTo(before + 1);
  }

  @Test
  void headers() {
    refused(
        "headers",
        TOO_BIG,
        "at most 8 headers",
        "SEND\ndestination:/topic/a\n" + "k:v\n".repeat(8));
  }

  @Test
  void aHeaderLine() {
    refused("header_size", TOO_BIG, "at most 1024 bytes", "SEND\nk:" + "v".repeat(2000) + "\n");
  }

  @Test
  void allHeadersTogether() {
    refused(
        "headers_size",
        TOO_BIG,
        "The headers of a frame may have at most",
        "SEND\n" + ("k:" + "v".repeat(1000) + "\n").repeat(3));
  }

  @Test
  void aBody() {
    refused("body", TOO_BIG, "too large", "SEND\ndestination:/topic/a\ncontent-length:5000\n\n");
  }

  @Test
  void aDestination() {
    refused(
        "destination",
        PROTOCOL_ERROR,
        "longer than 255 bytes",
        "SUBSCRIBE\nid:1\ndestination:/topic/" + "ä".repeat(130) + "\n\n\0");
  }

  @Test
  void subscriptions() {
    refused(
        "subscriptions",
        PROTOCOL_ERROR,
        "at most 1 a connection",
        "SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0",
        "SUBSCRIBE\nid:2\ndestination:/topic/b\n\n\0");
  }

  @Test
  void transactions() {
    refused(
        "transactions",
        PROTOCOL_ERROR,
        "Too many open transactions",
        "BEGIN\ntransaction:1\n\n\0",
        "BEGIN\ntransaction:2\n\n\0");
  }

  @Test
  void unacknowledgedMessages() {
    double before = exceeded("unacknowledged");
    StompClient client = open().connect("1.2");
    client.subscribe("1", "/topic/unacknowledged", "ack:client");
    client.publish("/topic/unacknowledged", "a");
    client.expectMessage("a");
    client.publish("/topic/unacknowledged", "b");
    client.expectMessage("b");
    ended(client, "unacknowledged", before, TOO_MANY_UNACKNOWLEDGED, "More than 1 messages");
  }

  @Test
  void frameMessageAndFragments() throws IOException {
    try (RawWebSocket socket = RawWebSocket.connect(node.port(), "v12.stomp")) {
      socket.binary(new byte[8193]);
      assertThat(socket.next().closeCode()).isEqualTo(TOO_BIG);
    }
    assertThat(exceeded("frame")).isEqualTo(1);
    try (RawWebSocket socket = RawWebSocket.connect(node.port(), "v12.stomp")) {
      socket.frame(RawWebSocket.BINARY, true, "\n".repeat(8000).getBytes(UTF_8));
      socket.frame(RawWebSocket.CONTINUATION, true, "\n".repeat(8000).getBytes(UTF_8));
      assertThat(socket.next().closeCode()).isEqualTo(TOO_BIG);
    }
    assertThat(exceeded("message")).isEqualTo(1);
    try (RawWebSocket socket = RawWebSocket.connect(node.port(), "v12.stomp")) {
      socket.frame(RawWebSocket.BINARY, true, "\n".getBytes(UTF_8));
      for (int i = 0; i < 4; i++) {
        socket.frame(RawWebSocket.CONTINUATION, true, "\n".getBytes(UTF_8));
      }
      assertThat(socket.next().closeCode()).isEqualTo(TOO_BIG);
    }
    assertThat(exceeded("fragments")).isEqualTo(1);
  }

  @Test
  void connectionsOfAUser() {
    double before = exceeded("user_connections");
    StompClient first = hers();
    hers();
    StompClient third = open();
    third.send(
        "CONNECT\naccept-version:1.2\nhost:h\nAuthorization:Bearer "
            + TokenMaker.hmac(TokenMaker.ann())
            + "\n\n\0");
    ended(
        third,
        "user_connections",
        before,
        TOO_MANY_CONNECTIONS,
        "You have 2 connections already, as many as you may; close another one.");

    for (int i = 0; i < 3; i++) {
      open().connect("1.2"); // anonymous ones are not counted
    }
    first.command("DISCONNECT");
    first.expectClose();
    node.awaitMetric("drumline_connections", 4);
    hers();
  }

  private StompClient hers() {
    return open().connect("1.2", "Authorization:Bearer " + TokenMaker.hmac(TokenMaker.ann()));
  }
}

package io.drumline.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who sends faster than a client may is delayed, and loses nothing; or is closed, if so set. */
class RatesIT {
  private static final int TOO_FAST = 4010;
  private static final String MESSAGES = "drumline_rate_limited_total{limit=\"messages\"}";
  private static final String BYTES = "drumline_rate_limited_total{limit=\"bytes\"}";
  private static final String SLOW = "drumline.stomp.rate.messages-per-second=20";
  private static final String FEW_BYTES = "drumline.stomp.rate.bytes-per-second=2KB";
  private static final String CLOSE = "drumline.stomp.rate.excess=close";

  private final String topic = "/topic/" + UUID.randomUUID();
  private Node node;

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void delaysWhoSendsTooManyMessagesAndLosesNone() {
    node = Node.alone(SLOW);
    try (StompClient sender = node.client();
        StompClient other = node.client()) {
      other.subscribe("s", topic);
      for (int i = 0; i < 70; i++) {
        sender.publish(topic, "m" + i);
      }
      for (int i = 0; i < 70; i++) {
        other.expectMessage("m" + i);
      }
      assertThat(node.metric(MESSAGES)).isPositive();
      sender.publishConfirmed(topic, "last");
      other.expectMessage("last");
      assertThat(node.metric("drumline_closes_total{reason=\"too_fast\"}")).isZero();
    }
  }

  @Test
  void delaysWhoSendsTooManyBytesAndLosesNone() {
    node = Node.alone(FEW_BYTES);
    try (StompClient sender = node.client();
        StompClient other = node.client()) {
      other.subscribe("s", topic);
      String kilobyte = "x".repeat(1000);
      for (int i = 0; i < 8; i++) {
        sender.publish(topic, kilobyte + i);
      }
      for (int i = 0; i < 8; i++) {
        other.expectMessage(kilobyte + i);
      }
      assertThat(node.metric(BYTES)).isPositive();
      assertThat(node.metric(MESSAGES)).isZero();
    }
  }

  @Test
  void othersAreNotDelayed() {
    node = Node.alone("drumline.stomp.rate.messages-per-second=1");
    try (StompClient fast = node.client();
        StompClient other = node.client()) {
      for (int i = 0; i < 40; i++) {
        fast.publish(topic, "m");
      }
      node.awaitMetric(MESSAGES, 1);
      other.publishConfirmed(topic, "mine"); // of a burst of two, CONNECT was the first
      assertThat(node.metric(MESSAGES)).isEqualTo(1);
    }
  }

  /** As long as what a client has sent is still being processed, a paid debt lets nothing in. */
  @Test
  void framesInFlightStillHoldTheClientWhenItsDebtIsPaid() {
    node = Node.alone(SLOW, "drumline.stomp.max-in-flight=1");
    try (StompClient sender = node.client();
        StompClient other = node.client()) {
      other.subscribe("s", topic);
      for (int i = 0; i < 60; i++) {
        sender.publish(topic, "m" + i);
      }
      for (int i = 0; i < 60; i++) {
        other.expectMessage("m" + i);
      }
    }
  }

  @Test
  void closesWhoSendsTooManyMessagesWhereSoSet() {
    node = Node.alone(SLOW, CLOSE);
    try (StompClient client = node.client()) {
      for (int i = 0; i < 100; i++) {
        client.offer(("SEND\ndestination:" + topic + "\n\nx\0").getBytes(UTF_8));
      }
      assertThat(client.expect("ERROR").header("message"))
          .isEqualTo("You send too fast: at most 20 messages a second.");
      assertThat(client.expectClose()).isEqualTo(TOO_FAST);
      assertThat(node.metric(MESSAGES)).isEqualTo(1);
    }
  }

  @Test
  void countsEachOfSeveralFramesInOneMessage() {
    node = Node.alone(SLOW, CLOSE);
    try (StompClient client = node.client()) {
      client.send(("SEND\ndestination:" + topic + "\n\nx\0").repeat(100));
      client.expect("ERROR");
      assertThat(client.expectClose()).isEqualTo(TOO_FAST);
    }
  }

  @Test
  void closesWhoSendsTooManyBytesWhereSoSet() {
    node = Node.alone(FEW_BYTES, CLOSE);
    try (StompClient client = node.client()) {
      client.publish(topic, "x".repeat(5000));
      assertThat(client.expect("ERROR").header("message"))
          .isEqualTo("You send too fast: at most 2048 bytes a second.");
      assertThat(client.expectClose()).isEqualTo(TOO_FAST);
      assertThat(node.metric(BYTES)).isEqualTo(1);
    }
  }

  @Test
  void countsPingsAndEmptyFragments() throws IOException {
    node = Node.alone(SLOW, CLOSE);
    try (RawWebSocket socket = RawWebSocket.connect(node.port(), "v12.stomp")) {
      for (int i = 0; i < 60; i++) {
        socket.frame(RawWebSocket.FIN | RawWebSocket.PING, true, new byte[0]);
      }
      node.awaitMetric("drumline_closes_total{reason=\"too_fast\"}", 1);
    }
    try (RawWebSocket socket = RawWebSocket.connect(node.port(), "v12.stomp")) {
      socket.frame(RawWebSocket.TEXT, true, new byte[0]);
      for (int i = 0; i < 60; i++) {
        socket.frame(RawWebSocket.CONTINUATION, true, new byte[0]);
      }
      node.awaitMetric("drumline_closes_total{reason=\"too_fast\"}", 2);
    }
  }

  @Test
  void letsAnyRateThroughWhereSoSet() {
    node =
        Node.alone(
            "drumline.stomp.rate.messages-per-second=0", "drumline.stomp.rate.bytes-per-second=0");
    try (StompClient client = node.client()) {
      for (int i = 0; i < 10; i++) {
        client.send(("SEND\ndestination:" + topic + "\n\nx\0").repeat(2500));
      }
      client.publishConfirmed(topic, "last");
      assertThat(node.metric(MESSAGES)).isZero();
      assertThat(node.metric(BYTES)).isZero();
    }
  }
}

package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Heart-beats and the time for CONNECT: what takes time by its nature, run once. */
@ParameterizedClass(name = "{0}")
@EnumSource(value = Mode.class, names = "ONE_NODE_TEXT")
final class TimersIT extends Conformance {
  /** The server's offer, both ways, and the clients' wish. */
  private static final Duration BEAT = Duration.ofMillis(500);

  private static final Duration SOON = BEAT.multipliedBy(5);

  @Test
  @DisplayName("C18 H01 H02 beats are as agreed, none without; who never connects is closed")
  void beatsAsAgreed() {
    StompClient unconnected = open();
    StompClient halfConnected = open();
    halfConnected.send("CONNECT\naccept-version:1.2\n");
    StompClient without = near();
    StompClient refusing = open().connect("1.2", "heart-beat:0,0");
    StompClient wishing = open().connect("1.2", "heart-beat:0," + BEAT.toMillis());

    for (int beat = 0; beat < 6; beat++) {
      wishing.expectBeat(SOON);
    }

    assertSilentAndOpen(without);
    assertSilentAndOpen(refusing);
    unconnected.expectEnd(StompClient.PATIENCE);
    halfConnected.expectEnd(StompClient.PATIENCE);
  }

  /** Anything sent before would come before the receipt. */
  private static void assertSilentAndOpen(StompClient client) {
    client.command("BEGIN", "transaction:t", "receipt:r");
    assertThat(client.next(StompClient.PATIENCE).text()).startsWith("RECEIPT\n");
  }

  @Test
  @DisplayName("H03 a client that beats stays connected")
  void keepsAClientThatBeats() {
    StompClient client = open().connect("1.2", "heart-beat:" + BEAT.toMillis() + ",0");

    for (int beat = 0; beat < 7; beat++) {
      client.expectNothing(BEAT.multipliedBy(8).dividedBy(10));
      client.send("\n");
    }

    assertSilentAndOpen(client);
  }

  @Test
  @DisplayName("H04 a client that falls silent is closed after 2 to 5 times its promise")
  void closesASilentClient() {
    StompClient client = open().connect("1.2", "heart-beat:" + BEAT.toMillis() + ",0");

    client.expectNothing(BEAT.multipliedBy(2));
    client.expectEnd(BEAT.multipliedBy(3));
  }

  @Test
  @DisplayName("H05 frames count as beats")
  void framesCountAsBeats() {
    String topic = topic();
    StompClient client = open().connect("1.2", "heart-beat:" + BEAT.toMillis() + ",0");

    for (int beat = 0; beat < 7; beat++) {
      client.expectNothing(BEAT.multipliedBy(8).dividedBy(10));
      client.publish(topic, "still here");
    }

    assertSilentAndOpen(client);
  }

  @Test
  @DisplayName("H05 the parts of one slow frame count as beats")
  void partsOfAFrameCountAsBeats() {
    StompClient client = open().connect("1.2", "heart-beat:" + BEAT.toMillis() + ",0");

    for (String part : List.of("SEND\n", "destination:", "/topic/slow\n", "\n", "a", "b", "c\0")) {
      client.expectNothing(BEAT.multipliedBy(8).dividedBy(10));
      client.send(part);
    }

    assertSilentAndOpen(client);
  }
}

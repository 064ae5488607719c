package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.hub.order.Start;
import io.drumline.message.Destination;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Of the destinations that may have lost something, those with nothing to compare take no turn. One
 * begins to be compared a tick, and one more with each read that ends.
 */
class DoubtsTest {
  private static final int MANY = 300;

  private final FakeHub hub =
      new FakeHub(Map.of("drumline.hub.max-reads", "1", "drumline.hub.backlog-limit", "1500B"));
  private final FakeHub.Socket socket = hub.socket();
  private final Connection connection = hub.connect(socket);

  @AfterEach
  void close() {
    hub.close();
  }

  @Test
  void destinationsWithoutOrderTakeNoTurn() {
    subscribeTo(MANY, "/ephemeral/");
    List<Destination> ordered = subscribeTo(5, "/topic/");
    ordered.forEach(each -> hub.backplane.store(each, body(5)));
    dropOfMany("/topic/elsewhere/");
    hub.pass(300);
    assertThat(socket.received()).hasSize(5);
  }

  @Test
  void destinationsThatReadAlreadyTakeNoTurn() {
    for (Destination each : subscribeTo(MANY, "/topic/unreadable/")) {
      hub.backplane.reads(each, FakeBackplane.Reads.FAILED);
      hub.hub.interrupted(each);
    }
    hub.pass(5_000); // each tries again once a second now
    List<Destination> others = subscribeTo(5, "/topic/");
    others.forEach(each -> hub.backplane.store(each, body(5)));
    dropOfMany("/topic/elsewhere/");
    hub.pass(300);
    assertThat(socket.received()).hasSize(5);
  }

  /** There is nothing to read it from. */
  @Test
  void whatIsDroppedOfDestinationsWithoutOrderMakesNoneBeCompared() {
    subscribeTo(5, "/topic/");
    int before = hub.backplane.allReads();
    dropOfMany("/ephemeral/");
    hub.pass(500);
    assertThat(hub.backplane.allReads()).isEqualTo(before);
  }

  /** More than are told apart: all destinations are meant. */
  private void dropOfMany(String prefix) {
    hub.backplane.bring(Destination.of("/topic/large"), body(900)); // makes no room for the others
    for (int i = 0; i <= Doubts.MOST_DROPPED; i++) {
      hub.backplane.bring(Destination.of(prefix + i), body(900));
    }
    assertThat(hub.metric("drumline.messages.dropped")).isEqualTo(Doubts.MOST_DROPPED + 1);
  }

  private List<Destination> subscribeTo(int count, String prefix) {
    List<Destination> destinations = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      destinations.add(Destination.of(prefix + i));
      hub.subscribe(connection, destinations.get(i), Start.LIVE);
      hub.turn();
    }
    return destinations;
  }

  private static byte[] body(int length) {
    return "b".repeat(length).getBytes(US_ASCII);
  }
}

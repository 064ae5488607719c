package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.StompFrame;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SEND, SUBSCRIBE and UNSUBSCRIBE: who gets what, and what is refused. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class SubscriptionsIT extends Conformance {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SEND\n\nx\0",
        "SEND\ndestination:\n\nx\0",
        "SUBSCRIBE\nid:1\n\n\0",
        "SUBSCRIBE\nid:1\ndestination:\n\n\0",
      })
  @DisplayName("S24 S25 SEND and SUBSCRIBE without destination are refused")
  void needsADestination(String frame) {
    refused(frame);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.1", "1.2"})
  @DisplayName("S26 SUBSCRIBE without id is refused")
  void subscriptionsNeedAnId(String version) {
    refused(version, "SUBSCRIBE\ndestination:/topic/a\n\n\0");
  }

  @Test
  @DisplayName("S27 a second subscription with the same id is refused")
  void refusesADuplicateSubscription() {
    StompClient client = near();
    client.subscribe("s1", topic());

    client.command("SUBSCRIBE", "id:s1", "destination:" + topic());

    client.expectErrorAndClose();
  }

  @Test
  @DisplayName("S28 two connections may use the same id")
  void connectionsShareIds() {
    String topic = topic();
    List<StompClient> subscribers = List.of(near(), near(), far());
    subscribers.forEach(subscriber -> subscriber.subscribe("same", topic));

    near().publish(topic, "x");

    subscribers.forEach(
        subscriber ->
            assertThat(subscriber.expectMessage("x").header("subscription")).isEqualTo("same"));
  }

  @Test
  @DisplayName("S29 two subscriptions of a connection get a MESSAGE each")
  void everySubscriptionGetsAMessage() {
    String topic = topic();
    StompClient subscriber = far();
    subscriber.subscribe("a", topic);
    subscriber.subscribe("b", topic);

    near().publish(topic, "x");

    assertThat(
            List.of(
                subscriber.expectMessage("x").header("subscription"),
                subscriber.expectMessage("x").header("subscription")))
        .containsExactlyInAnyOrder("a", "b");
  }

  @Test
  @DisplayName("S30 UNSUBSCRIBE ends delivery, and its id may be used again")
  void unsubscribes() {
    String topic = topic();
    StompClient subscriber = far();
    StompClient witness = far();
    StompClient publisher = near();
    witness.subscribe("w", topic);
    subscriber.subscribe("a", topic);
    subscriber.subscribe("b", topic);

    subscriber.confirmed("UNSUBSCRIBE", "id:a");
    publisher.publish(topic, "for b only");
    assertThat(subscriber.expectMessage("for b only").header("subscription")).isEqualTo("b");
    witness.expectMessage("for b only");
    subscriber.confirmed("UNSUBSCRIBE", "id:b");
    publisher.publish(topic, "for the witness");
    witness.expectMessage("for the witness");
    subscriber.subscribe("a", topic);
    publisher.publish(topic, "again");

    assertThat(subscriber.expectMessage("again").header("subscription")).isEqualTo("a");
  }

  @Test
  @DisplayName("S31 UNSUBSCRIBE without id is refused")
  void unsubscribeNeedsAnId() {
    refused("UNSUBSCRIBE\n\n\0");
    refused("1.1", "UNSUBSCRIBE\ndestination:/topic/a\n\n\0");
  }

  @Test
  @DisplayName("S32 UNSUBSCRIBE with an unknown id is refused")
  void refusesAnUnknownSubscription() {
    refused("UNSUBSCRIBE\nid:never\n\n\0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"maybe", "AUTO", "", "client-individually"})
  @DisplayName("S33 an invalid ack mode is refused")
  void refusesAnInvalidAckMode(String ack) {
    refused("SUBSCRIBE\nid:1\ndestination:/topic/a\nack:" + ack + "\n\n\0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SUBSCRIBE\nid:1\ndestination:/topic/a\n\nbody\0",
        "SUBSCRIBE\nid:1\ndestination:/topic/a\ncontent-length:4\n\nbody\0",
        "BEGIN\ntransaction:t\n\nbody\0",
        "DISCONNECT\n\nbody\0"
      })
  @DisplayName("S34 a body on anything but SEND is refused")
  void refusesABody(String frame) {
    refused(frame);
  }

  @Test
  @DisplayName("S35 a hundred messages have a hundred ids")
  void messageIdsAreUnique() {
    String topic = topic();
    String other = topic();
    StompClient subscriber = far();
    subscriber.subscribe("a", topic);
    subscriber.subscribe("b", other);
    StompClient publisher = near();

    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      publisher.publish(topic, "x");
      publisher.publish(other, "x");
    }
    for (int i = 0; i < 100; i++) {
      ids.add(subscriber.expectMessage("x").header("message-id"));
    }

    assertThat(ids).hasSize(100).doesNotContainNull();
  }

  @Test
  @DisplayName("S36 a publisher's order is kept")
  void keepsOrder() {
    String topic = topic();
    StompClient subscriber = far();
    StompClient neighbour = near();
    subscriber.subscribe("s1", topic);
    neighbour.subscribe("s1", topic);
    StompClient publisher = near();

    for (int i = 0; i < 500; i++) {
      publisher.publish(topic, "" + i);
    }

    for (int i = 0; i < 500; i++) {
      subscriber.expectMessage("" + i);
      neighbour.expectMessage("" + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"FROB", "SUBSCRIBED", "S", "GET / HTTP/1.1"})
  @DisplayName("S39 an unknown command is refused")
  void refusesAnUnknownCommand(String command) {
    refused(command + "\nid:1\n\n\0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"MESSAGE", "CONNECTED", "RECEIPT", "ERROR"})
  @DisplayName("S40 a server's command is refused")
  void refusesAServersCommand(String command) {
    refused(command + "\ndestination:/topic/a\nmessage-id:1\nsubscription:1\n\nx\0");
  }

  @Test
  @DisplayName("S48 each message holds one whole frame, under load too")
  void sendsWholeFrames() {
    String topic = topic();
    StompClient subscriber = far();
    subscriber.subscribe("a", topic);
    subscriber.subscribe("b", topic);
    StompClient publisher = near();
    String body = "漢😀é".repeat(700);

    for (int i = 0; i < 100; i++) {
      publisher.publish(topic, body);
    }

    for (int i = 0; i < 200; i++) {
      assertThat(subscriber.expectMessage(body).text()).isEqualTo(mode.carriage == Carriage.TEXT);
    }
  }

  @Test
  @DisplayName("S49 messages reach the other connection, both ways")
  void deliversBothWays() {
    String topic = topic();
    StompClient near = near();
    StompClient far = far();
    near.subscribe("n", topic);
    far.subscribe("f", topic);

    near.publish(topic, "from near");
    StompFrame here = near.expectMessage("from near");
    StompFrame there = far.expectMessage("from near");
    far.publish(topic, "from far");
    near.expectMessage("from far");
    far.expectMessage("from far");

    assertThat(there.header("message-id")).isEqualTo(here.header("message-id"));
  }

  @Test
  @DisplayName("S50 peers that are gone do not hinder the publisher or others")
  void survivesPeersThatAreGone() {
    String topic = topic();
    StompClient reset = near();
    StompClient closed = far();
    StompClient staying = far();
    List.of(reset, closed, staying).forEach(subscriber -> subscriber.subscribe("s1", topic));
    StompClient publisher = near();

    for (int i = 0; i < 100; i++) {
      if (i == 10) {
        reset.reset();
      }
      if (i == 20) {
        closed.close();
      }
      publisher.publishConfirmed(topic, "" + i);
    }

    for (int i = 0; i < 100; i++) {
      staying.expectMessage("" + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/queue/jobs", "/nowhere", "no-slash", "/topic/", "/topic", "/"})
  @DisplayName("A06 A07 A10 A11 queues, and what is no destination, are refused by name")
  void refusesDestinationsThatAreNotServed(String destination) {
    refused("SUBSCRIBE\nid:1\ndestination:" + destination + "\n\n\0");
    StompFrame error = refused("SEND\ndestination:" + destination + "\nreceipt:r\n\nx\0");

    assertThat(error.header("receipt-id")).isEqualTo("r");
  }

  @ParameterizedTest
  @ValueSource(strings = {"selector:price > 10", "no-local:true"})
  @DisplayName("SUBSCRIBE with a filter that is not supported is refused by its name")
  void refusesFilters(String filter) {
    StompFrame error = refused("SUBSCRIBE\nid:1\ndestination:/topic/a\n" + filter + "\n\n\0");

    assertThat(error.header("message"))
        .contains("'" + filter.substring(0, filter.indexOf(':')) + "'");
  }

  @Test
  @DisplayName("a filter that filters nothing is taken")
  void takesEmptyFilters() {
    near().subscribe("s", topic(), "selector:", "no-local:false");
  }
}

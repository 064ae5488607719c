package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * ACK and NACK. On topics an acknowledgement redelivers nothing; what is still to acknowledge shows
 * in which ACKs are refused. Redelivery (A06, A07, A10, A11) comes with queues.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class AcksIT extends Conformance {
  private StompClient consumer;

  /** The MESSAGEs that a new consumer on the far node gets for "1", "2", "3". */
  private List<StompFrame> three(String version, String... subscription) {
    String topic = topic();
    consumer = far(version);
    String[] headers =
        Stream.concat(Stream.of("destination:" + topic), Stream.of(subscription))
            .toArray(String[]::new);
    consumer.confirmed("SUBSCRIBE", headers);
    StompClient publisher = near();
    for (String body : List.of("1", "2", "3")) {
      publisher.publish(topic, body);
    }
    return List.of(
        consumer.expectMessage("1"), consumer.expectMessage("2"), consumer.expectMessage("3"));
  }

  private List<String> threeAcks(String mode) {
    return three("1.2", "id:s1", "ack:" + mode).stream().map(m -> m.header("ack")).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"client", "client-individual"})
  @DisplayName("A01 A02 a MESSAGE to acknowledge has ack, and the ACK is taken")
  void takesAcks(String mode) {
    List<String> acks = threeAcks(mode);

    assertThat(acks).doesNotHaveDuplicates().doesNotContainNull().doesNotContain("");
    acks.forEach(ack -> consumer.confirmed("ACK", "id:" + escaped(ack)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"client", "client-individual"})
  @DisplayName("A05 NACK is taken")
  void takesNacks(String mode) {
    threeAcks(mode).forEach(ack -> consumer.confirmed("NACK", "id:" + escaped(ack)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ACK", "NACK"})
  @DisplayName("A03 ACK without id is refused")
  void ackNeedsAnId(String command) {
    threeAcks("client");

    consumer.command(command, "subscription:s1");

    consumer.expectErrorAndClose();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ACK", "NACK"})
  @DisplayName("A04 ACK with an unknown id is refused")
  void refusesAnUnknownAck(String command) {
    threeAcks("client");

    consumer.command(command, "id:never", "receipt:r");

    consumer.expectErrorAndClose("receipt-id:r");
  }

  @Test
  @DisplayName("A04 what was delivered in auto mode is not to acknowledge")
  void refusesAnAckInAutoMode() {
    List<StompFrame> messages = three("1.2", "id:s1");
    assertThat(messages).allMatch(message -> message.header("ack") == null);

    consumer.command("ACK", "id:" + escaped(messages.get(0).header("message-id")));

    consumer.expectErrorAndClose();
  }

  @Test
  @DisplayName("A08 in client mode an ACK covers all before it")
  void clientModeIsCumulative() {
    List<String> acks = threeAcks("client");

    consumer.confirmed("ACK", "id:" + escaped(acks.get(1)));
    consumer.confirmed("ACK", "id:" + escaped(acks.get(2)));
    consumer.command("ACK", "id:" + escaped(acks.get(0)));

    consumer.expectErrorAndClose();
  }

  @Test
  @DisplayName("A09 in client-individual mode an ACK covers one")
  void clientIndividualIsNotCumulative() {
    List<String> acks = threeAcks("client-individual");

    consumer.confirmed("ACK", "id:" + escaped(acks.get(2)));
    consumer.confirmed("ACK", "id:" + escaped(acks.get(0)));
    consumer.confirmed("ACK", "id:" + escaped(acks.get(1)));
    consumer.command("ACK", "id:" + escaped(acks.get(0)));

    consumer.expectErrorAndClose();
  }

  @ParameterizedTest
  @ValueSource(strings = {"client", "client-individual"})
  @DisplayName("A12 1.1 acknowledges by message-id and subscription")
  void acksInOneOne(String mode) {
    List<StompFrame> messages = three("1.1", "id:s1", "ack:" + mode);

    for (StompFrame message : messages) {
      consumer.confirmed(
          "ACK", "subscription:s1", "message-id:" + escaped(message.header("message-id")));
    }
    consumer.command(
        "ACK", "subscription:s1", "message-id:" + escaped(messages.get(0).header("message-id")));
    consumer.expectErrorAndClose();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "subscription:other\n", "subscription:s2\n"})
  @DisplayName("A12 1.1 ACK needs the subscription of the message")
  void ackInOneOneNeedsTheSubscription(String subscription) {
    List<StompFrame> messages = three("1.1", "id:s1", "ack:client");
    consumer.subscribe("s2", topic(), "ack:client");

    consumer.send(
        "ACK\n%smessage-id:%s\n\n\0"
            .formatted(subscription, escaped(messages.get(0).header("message-id"))));

    consumer.expectErrorAndClose();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "id:s1"})
  @DisplayName("A13 1.0 acknowledges by message-id")
  void acksInOneZero(String id) {
    List<StompFrame> messages =
        id.isEmpty() ? three("1.0", "ack:client") : three("1.0", id, "ack:client");

    for (StompFrame message : messages) {
      consumer.confirmed("ACK", "message-id:" + message.header("message-id"));
    }
    consumer.command("ACK", "message-id:" + messages.get(0).header("message-id"));
    consumer.expectErrorAndClose();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ACK", "NACK"})
  @DisplayName("A14 a second ACK of a message is refused")
  void refusesASecondAck(String second) {
    List<String> acks = threeAcks("client-individual");
    consumer.confirmed("ACK", "id:" + escaped(acks.get(0)));

    consumer.command(second, "id:" + escaped(acks.get(0)));

    consumer.expectErrorAndClose();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ACK", "NACK"})
  @DisplayName("an ACK that comes after UNSUBSCRIBE has no effect, in any version")
  void ackAfterUnsubscribeHasNoEffect(String command) {
    for (String version : List.of("1.0", "1.1", "1.2")) {
      StompFrame message = three(version, "id:s1", "ack:client-individual").get(0);
      String topic = topic();
      consumer.subscribe("s2", topic, "ack:client-individual");
      String[] ack =
          version.equals("1.2")
              ? new String[] {"id:" + escaped(message.header("ack"))}
              : new String[] {"subscription:s1", "message-id:" + message.header("message-id")};
      consumer.confirmed("UNSUBSCRIBE", "id:s1");

      consumer.confirmed(command, ack);
      consumer.subscribe("s1", topic()); // the id may be used again
      consumer.confirmed(command, ack);
      near().publish(topic, "the other subscription goes on");
      consumer.expectMessage("the other subscription goes on");
    }
  }

  @Test
  @DisplayName("an ACK of a subscription that never was is refused, as after one in auto mode")
  void refusesAnAckOfNoSubscription() {
    String messageId = three("1.2", "id:s1").get(0).header("message-id");
    consumer.confirmed("UNSUBSCRIBE", "id:s1");

    consumer.command("ACK", "id:" + escaped(messageId + ":s1"));

    consumer.expectErrorAndClose();
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace(":", "\\c");
  }
}

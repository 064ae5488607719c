package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** BEGIN, COMMIT, ABORT. That nothing was delivered shows by a marker that comes first. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class TransactionsIT extends Conformance {
  private final String topic = topic();
  private StompClient watcher;
  private StompClient client;

  @BeforeEach
  void connect() {
    watcher = far();
    watcher.subscribe("w", topic);
    client = near();
  }

  @Test
  @DisplayName("T01 SENDs of a transaction come with its COMMIT, in order")
  void commitDeliversInOrder() {
    client.confirmed("BEGIN", "transaction:t");
    client.publish(topic, "1", "transaction:t");
    client.publish(topic, "2", "transaction:t");
    client.publish(topic, "3", "transaction:t");
    client.publishConfirmed(topic, "outside");
    watcher.expectMessage("outside");

    client.confirmed("COMMIT", "transaction:t");

    watcher.expectMessage("1");
    watcher.expectMessage("2");
    watcher.expectMessage("3");
  }

  @Test
  @DisplayName("T02 ABORT discards")
  void abortDiscards() {
    client.confirmed("BEGIN", "transaction:t");
    client.publish(topic, "discarded", "transaction:t", "receipt:none");
    client.confirmed("ABORT", "transaction:t"); // whose RECEIPT is the next frame

    client.publish(topic, "marker");

    watcher.expectMessage("marker");
  }

  @Test
  @DisplayName("the RECEIPT of a SEND in a transaction comes with its COMMIT, in order")
  void receiptsComeWithCommit() {
    client.confirmed("BEGIN", "transaction:t");
    client.publish(topic, "1", "transaction:t", "receipt:one");
    client.publish(topic, "2", "transaction:t", "receipt:two");
    client.publishConfirmed(topic, "outside"); // whose RECEIPT is the next frame

    client.command("COMMIT", "transaction:t", "receipt:commit");

    client.expect("RECEIPT", "receipt-id:one");
    client.expect("RECEIPT", "receipt-id:two");
    client.expect("RECEIPT", "receipt-id:commit");
  }

  @ParameterizedTest
  @ValueSource(strings = {"BEGIN", "COMMIT", "ABORT"})
  @DisplayName("T03 BEGIN, COMMIT and ABORT need a transaction")
  void needsATransaction(String command) {
    refused(command + "\nreceipt:r\n\n\0");
  }

  @Test
  @DisplayName("T04 BEGIN of an open transaction is refused")
  void refusesASecondBegin() {
    client.confirmed("BEGIN", "transaction:t");

    client.command("BEGIN", "transaction:t");

    client.expectErrorAndClose();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "COMMIT\ntransaction:never\n\n\0",
        "ABORT\ntransaction:never\n\n\0",
        "SEND\ndestination:/topic/a\ntransaction:never\n\nx\0",
        "ACK\nid:1\ntransaction:never\n\n\0"
      })
  @DisplayName("T05 an unknown transaction is refused")
  void refusesAnUnknownTransaction(String frame) {
    refused(frame);
  }

  @ParameterizedTest
  @ValueSource(strings = {"COMMIT", "ABORT"})
  @DisplayName("T06 a transaction's name may be used again after its end, only then")
  void namesAreReusable(String end) {
    client.confirmed("BEGIN", "transaction:t");
    client.confirmed(end, "transaction:t");
    client.confirmed("BEGIN", "transaction:t");
    client.publish(topic, "second use", "transaction:t");
    client.confirmed("COMMIT", "transaction:t");
    watcher.expectMessage("second use");

    client.command(end, "transaction:t");

    client.expectErrorAndClose();
  }

  @Test
  @DisplayName("T07 DISCONNECT, a lost socket and an ERROR abort open transactions")
  void theEndOfASessionAborts() {
    StompClient lost = near();
    StompClient wrong = near();
    for (StompClient open : new StompClient[] {client, lost, wrong}) {
      open.confirmed("BEGIN", "transaction:t");
      open.publish(topic, "discarded", "transaction:t");
      open.confirmed("SUBSCRIBE", "id:barrier", "destination:" + topic());
    }
    client.confirmed("DISCONNECT");
    client.expectClose();
    lost.reset();
    wrong.command("FROB");
    wrong.expectErrorAndClose();

    near().publish(topic, "marker");

    watcher.expectMessage("marker");
  }

  @Test
  @DisplayName("T08 two connections may use the same transaction name")
  void connectionsShareNames() {
    StompClient other = far();
    client.confirmed("BEGIN", "transaction:t");
    other.confirmed("BEGIN", "transaction:t");
    client.publish(topic, "aborted", "transaction:t");
    other.publish(topic, "committed", "transaction:t");

    client.confirmed("ABORT", "transaction:t");
    other.confirmed("COMMIT", "transaction:t");
    client.publish(topic, "marker");

    watcher.expectMessage("committed");
    watcher.expectMessage("marker");
  }

  @Test
  @DisplayName("T09 an ACK of an aborted transaction has no effect")
  void abortUndoesAcks() {
    String ack = toAcknowledge();
    client.confirmed("BEGIN", "transaction:t");
    client.command("ACK", "id:" + ack, "transaction:t", "receipt:none");
    client.confirmed("ABORT", "transaction:t");

    client.confirmed("ACK", "id:" + ack);
  }

  @Test
  @DisplayName("an ACK of a committed transaction has its effect")
  void commitDoesAcks() {
    String ack = toAcknowledge();
    client.confirmed("BEGIN", "transaction:t");
    client.command("ACK", "id:" + ack, "transaction:t");
    client.confirmed("COMMIT", "transaction:t");

    client.command("ACK", "id:" + ack);

    client.expectErrorAndClose();
  }

  private String toAcknowledge() {
    client.subscribe("s1", topic, "ack:client-individual");
    far().publish(topic, "to acknowledge");
    StompFrame message = client.expectMessage("to acknowledge");
    assertThat(message.header("ack")).isNotBlank();
    return message.header("ack").replace("\\", "\\\\").replace(":", "\\c");
  }

  @Test
  @DisplayName("two transactions may be open at once")
  void transactionsInterleave() {
    client.confirmed("BEGIN", "transaction:a");
    client.confirmed("BEGIN", "transaction:b");
    client.publish(topic, "a1", "transaction:a");
    client.publish(topic, "b1", "transaction:b");
    client.publish(topic, "a2", "transaction:a");
    client.confirmed("COMMIT", "transaction:b");
    client.confirmed("COMMIT", "transaction:a");

    watcher.expectMessage("b1");
    watcher.expectMessage("a1");
    watcher.expectMessage("a2");
  }
}

package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Receipts, errors and the end of a session. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class ReceiptsIT extends Conformance {

  @Test
  @DisplayName("R01 R02 R03 SEND, SUBSCRIBE, UNSUBSCRIBE, BEGIN, COMMIT and ABORT have receipts")
  void givesReceipts() {
    StompClient client = near();

    client.publishConfirmed(topic(), "x");
    client.confirmed("SUBSCRIBE", "id:1", "destination:" + topic());
    client.confirmed("UNSUBSCRIBE", "id:1");
    client.confirmed("BEGIN", "transaction:t");
    client.publish(topic(), "x", "transaction:t");
    client.confirmed("COMMIT", "transaction:t");
    client.confirmed("BEGIN", "transaction:t");
    client.confirmed("ABORT", "transaction:t");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "1.1", "1.2"})
  @DisplayName("R04 R05 DISCONNECT has its receipt, then a close with 1000")
  void disconnects(String version) {
    StompClient client = near(version);

    client.confirmed("DISCONNECT");

    assertThat(client.expectClose()).isEqualTo(1000);
  }

  @Test
  @DisplayName("R05 DISCONNECT without receipt is followed by a close with 1000")
  void disconnectsWithoutReceipt() {
    StompClient client = near();

    client.command("DISCONNECT");

    assertThat(client.expectClose()).isEqualTo(1000);
  }

  @Test
  @DisplayName("R06 a receipt's name may need escapes")
  void receiptIdsAreEscaped() {
    StompClient client = near();

    client.publish(topic(), "x", "receipt:a\\nb\\cc\\\\d\\re 漢");

    client.expect("RECEIPT", "receipt-id:a\nb:c\\d\re 漢");
  }

  @Test
  @DisplayName("R07 a hundred pipelined receipts come in order")
  void receiptsComeInOrder() {
    StompClient client = near();
    for (int i = 0; i < 100; i++) {
      client.publish(topic(), "x", "receipt:" + i);
    }

    for (int i = 0; i < 100; i++) {
      client.expect("RECEIPT", "receipt-id:" + i);
    }
  }

  @Test
  @DisplayName("R07 receipts of frames of different kinds come in order")
  void mixedReceiptsComeInOrder() {
    StompClient client = near();
    for (int i = 0; i < 100; i += 4) {
      client.publish(topic(), "x", "receipt:" + i);
      client.command("BEGIN", "transaction:" + i, "receipt:" + (i + 1));
      client.command("SUBSCRIBE", "id:" + i, "destination:" + topic(), "receipt:" + (i + 2));
      client.command("ABORT", "transaction:" + i, "receipt:" + (i + 3));
    }

    for (int i = 0; i < 100; i++) {
      client.expect("RECEIPT", "receipt-id:" + i);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SEND\nreceipt:r\\cr\n\nx\0",
        "SUBSCRIBE\nreceipt:r\\cr\nid:1\n\n\0",
        "UNSUBSCRIBE\nid:never\nreceipt:r\\cr\n\n\0",
        "COMMIT\ntransaction:never\nreceipt:r\\cr\n\n\0",
        "ACK\nid:never\nreceipt:r\\cr\n\n\0",
        "FROB\nreceipt:r\\cr\n\n\0",
        "SEND\ndestination:/queue/a\nreceipt:r\\cr\n\nx\0",
        "SEND\nreceipt:r\\cr\ndestination:/topic/a\nk:\\x\n\nx\0",
        "SEND\nreceipt:r\\cr\ndestination:/topic/a\nno colon\n\nx\0",
        "SEND\nreceipt:r\\cr\ndestination:/topic/a\ncontent-length:x\n\nx\0",
        "SEND\nreceipt:r\\cr\ndestination:/topic/a\ncontent-length:0\n\nx\0",
        "SUBSCRIBE\nreceipt:r\\cr\nid:1\ndestination:/topic/a\n\nbody\0"
      })
  @DisplayName("R08 a failed frame's receipt is named by its ERROR, and only there")
  void errorsNameTheReceipt(String frame) {
    assertThat(refused(frame).header("receipt-id")).isEqualTo("r:r");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SEND\n\nx\0",
        "SEND\nbroken\n\nx\0",
        "SEND\ndestination:/topic/a\ncontent-length:x\n\nx\0",
        "SEND\ndestination:/topic/a\nk:\\x\n\nx\0",
        "SUBSCRIBE\nid:1\ndestination:/queue/a\n\n\0",
        "BEGIN\n\n\0",
        "NACK\nid:1\n\n\0",
        "\u0001\u0002\n\n\0"
      })
  @DisplayName("R09 R10 an ERROR has a message for people, right length, and no inner names")
  void errorsAreForPeople(String frame) {
    StompFrame error = refused(frame);

    assertThat(error.values("message")).hasSize(1);
    assertThat(error.header("message")).contains(" ").hasSizeBetween(10, 300);
    assertThat(error.body().length == 0 || error.header("content-length") != null).isTrue();
    assertThat(error.headers().stream().map(StompFrame.Header::name)).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("R11 after an ERROR nothing comes, and nothing more is done")
  void nothingFollowsAnError() {
    String topic = topic();
    StompClient watcher = far();
    watcher.subscribe("s1", topic);
    StompClient client = near();
    client.subscribe("s1", topic);

    client.send(
        ("SUBSCRIBE\nid:s1\ndestination:%1$s\nreceipt:a\n\n\0"
                + "SEND\ndestination:%1$s\nreceipt:b\n\nafter the error\0"
                + "FROB\n\n\0"
                + "DISCONNECT\nreceipt:c\n\n\0")
            .formatted(topic));

    client.expectErrorAndClose("receipt-id:a");
    near().publish(topic, "marker");
    watcher.expectMessage("marker");
  }

  @Test
  @DisplayName("R12 frames after DISCONNECT are ignored")
  void ignoresFramesAfterDisconnect() {
    String topic = topic();
    StompClient watcher = far();
    watcher.subscribe("s1", topic);
    StompClient client = near();

    client.send(
        "DISCONNECT\nreceipt:d\n\n\0SEND\ndestination:%s\nreceipt:s\n\nlate\0FROB\n\n\0"
            .formatted(topic));

    client.expect("RECEIPT", "receipt-id:d");
    client.expectClose();
    near().publish(topic, "marker");
    watcher.expectMessage("marker");
  }

  @Test
  @DisplayName("R13 frames before DISCONNECT are all done before its receipt")
  void framesBeforeDisconnectAreDone() {
    String topic = topic();
    StompClient watcher = far();
    watcher.subscribe("s1", topic);
    StompClient client = near();

    StringBuilder frames = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      frames.append("SEND\ndestination:%s\n\n%d\0".formatted(topic, i));
    }
    client.send(frames + "DISCONNECT\nreceipt:d\n\n\0");

    client.expect("RECEIPT", "receipt-id:d");
    client.expectClose();
    near().publish(topic, "after");
    for (int i = 0; i < 50; i++) {
      watcher.expectMessage("" + i);
    }
    watcher.expectMessage("after");
  }
}

package io.drumline.conformance;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** How much is taken, and what comes when it is more. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class LimitsIT extends Conformance {
  private static final int MIB = 1024 * 1024;
  private static final int CHUNK = 16 * 1024;

  /** Sends in messages of 16 KiB, until all is sent or the server hangs up. */
  private static void offer(StompClient client, String raw) {
    for (int at = 0; at < raw.length(); at += CHUNK) {
      if (!client.offer(raw.substring(at, Math.min(raw.length(), at + CHUNK)).getBytes(US_ASCII))) {
        return;
      }
    }
  }

  @Test
  @DisplayName("S41 a body of 512 KB arrives")
  void passesALargeBody() {
    String body = "0123456789abcdef".repeat(32 * 1024);

    StompFrame message = delivered("", body);

    assertThat(message.bodyText()).isEqualTo(body);
  }

  @Test
  @DisplayName("a body of 1 MiB arrives, in messages of 16 KiB too")
  void passesTheLargestBody() {
    String topic = topic();
    StompClient client = near();
    client.subscribe("s1", topic);
    String body = "0123456789abcdef".repeat(64 * 1024);

    offer(client, "SEND\ndestination:" + topic + "\ncontent-length:" + MIB + "\n\n" + body + "\0");

    assertThat(client.expect("MESSAGE").body()).hasSize(MIB).endsWith('e', 'f');
  }

  @Test
  @DisplayName("a declared body of more than 1 MiB is refused before it comes")
  void refusesALargerBody() {
    refused("SEND\ndestination:/topic/a\ncontent-length:" + (MIB + 1) + "\n\n");
  }

  @Test
  @DisplayName("an undeclared body is refused once it is over 1 MiB")
  void refusesAnUndeclaredLargerBody() {
    StompClient client = near();

    offer(client, "SEND\ndestination:/topic/a\n\n" + "x".repeat(MIB + CHUNK));

    client.expectErrorAndClose();
  }

  @Test
  @DisplayName("S42 20000 headers are refused; 128 are taken, 129 are not")
  void limitsHeaders() {
    assertThat(delivered("k:v\n".repeat(127), "x").bodyText()).isEqualTo("x");
    refused("SEND\ndestination:/topic/a\n" + "k:v\n".repeat(128) + "\nx\0");

    StompClient client = near();
    client.offer(("SEND\ndestination:/topic/a\n" + "k:v\n".repeat(20_000)).getBytes(US_ASCII));
    client.expectEnd(StompClient.PATIENCE);
  }

  @Test
  @DisplayName("S43 a header line of 2 MB is refused; one of 8 KB is taken")
  void limitsHeaderLines() {
    String value = "v".repeat(8000);
    assertThat(delivered("k:" + value + "\n", "").header("k")).isEqualTo(value);
    refused("SEND\ndestination:/topic/a\nk:" + "v".repeat(8192));

    StompClient client = near();
    client.offer(("SEND\ndestination:/topic/a\nk:" + "v".repeat(2 * MIB)).getBytes(US_ASCII));
    client.expectEnd(StompClient.PATIENCE);
  }

  @Test
  @DisplayName("S44 a declared body of 10 GB is refused before it comes")
  void refusesAHugeDeclaredBody() {
    refused("SEND\ndestination:/topic/a\ncontent-length:10737418240\n\n");
  }

  @Test
  @DisplayName("S45 4 MB of an unfinished frame before CONNECT are refused")
  void limitsWhatComesBeforeConnect() {
    StompClient client = open();

    offer(client, "CONNECT\n" + ("k:" + "v".repeat(4000) + "\n").repeat(MIB / 1000));

    client.expectEnd(StompClient.PATIENCE);
  }

  @Test
  @DisplayName("CONNECT may have 60 KB, not 70 KB")
  void limitsConnect() {
    String line = "k:" + "v".repeat(6997) + "\n";
    StompClient client = open();
    client.send("CONNECT\naccept-version:1.2\nhost:x\n" + line.repeat(8) + "\n\0");
    client.expect("CONNECTED");

    StompClient larger = open();
    larger.send("CONNECT\naccept-version:1.2\nhost:x\n" + line.repeat(10) + "\n\0");
    larger.expectErrorAndClose();
  }

  @Test
  @DisplayName("a command line that does not end is refused")
  void limitsTheCommandLine() {
    refused("S".repeat(9000));
  }

  @Test
  @DisplayName("T10 100000 SENDs in a transaction end in an ERROR or are delivered")
  void survivesAHugeTransaction() {
    String topic = topic();
    StompClient client = near();
    client.confirmed("BEGIN", "transaction:t");
    String thousand = "SEND\ndestination:%s\ntransaction:t\n\nx\0".formatted(topic).repeat(1000);

    int sent = 0;
    while (sent < 100_000 && client.offer(thousand.getBytes(US_ASCII))) {
      sent += 1000;
    }
    client.offer("COMMIT\ntransaction:t\nreceipt:r\n\n\0".getBytes(US_ASCII));

    StompFrame answer = client.nextFrame();
    assertThat(answer.command()).as("%s", answer).isIn("RECEIPT", "ERROR");
    StompClient another = near();
    another.subscribe("s1", topic);
    another.publish(topic, "alive");
    another.expectMessage("alive");
  }
}

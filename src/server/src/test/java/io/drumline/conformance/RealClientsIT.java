package io.drumline.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.StompFrame;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What real clients need beyond the specification. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class RealClientsIT extends Conformance {

  @Test
  @DisplayName("a MESSAGE comes as its subscriber's CONNECT did if it is UTF-8, else in binary")
  void textOrBinaryByTheBody() {
    String topic = topic();
    StompClient subscriber = far();
    subscriber.subscribe("s1", topic);
    StompClient publisher = near();
    String frame = "SEND\ndestination:" + topic + "\ncontent-length:2\n\n";

    publisher.message(Carriage.BINARY, (frame + "\u00c3\u00a9\0").getBytes(ISO_8859_1));
    publisher.message(Carriage.BINARY, (frame + "\u00ff\u00fe\0").getBytes(ISO_8859_1));
    publisher.message(Carriage.BINARY, (frame + "\u00ed\u00a0\0").getBytes(ISO_8859_1));
    publisher.message(Carriage.TEXT, (frame + "a\0\0").getBytes(ISO_8859_1));

    boolean text = mode.carriage == Carriage.TEXT;
    StompFrame message = subscriber.expectMessage("é");
    assertThat(message.text()).isEqualTo(text);
    assertThat(subscriber.expect("MESSAGE").text()).isFalse();
    assertThat(subscriber.expect("MESSAGE").text()).as("half a surrogate").isFalse();
    assertThat(subscriber.expectMessage("a\0").text()).isEqualTo(text);
  }

  @Test
  @DisplayName("CONNECTED, RECEIPT and ERROR come as CONNECT did, whatever comes later")
  void answersInTheKindOfConnect() {
    boolean text = mode.carriage == Carriage.TEXT;
    Carriage other = text ? Carriage.BINARY : Carriage.TEXT;
    StompClient client = open();

    client.message(other, "\n".getBytes(UTF_8));
    client.send("CONNECT\naccept-version:1.2\nhost:x\n\n\0");
    assertThat(client.expect("CONNECTED").text()).isEqualTo(text);
    client.message(other, "BEGIN\ntransaction:t\nreceipt:r\n\n\0".getBytes(UTF_8));
    assertThat(client.expect("RECEIPT").text()).isEqualTo(text);
    client.message(other, "FROB\n\n\0".getBytes(UTF_8));
    assertThat(client.expectErrorAndClose().text()).isEqualTo(text);
  }

  @Test
  @DisplayName("the RECEIPT of a SUBSCRIBE comes before its first MESSAGE")
  void receiptOfSubscribeComesFirst() {
    for (int i = 0; i < 20; i++) {
      String topic = topic();
      StompClient client = near();

      client.send(
          "SUBSCRIBE\nid:1\ndestination:%1$s\nreceipt:r\n\n\0SEND\ndestination:%1$s\n\nfirst\0"
              .formatted(topic));

      client.expect("RECEIPT", "receipt-id:r");
      client.expectMessage("first");
    }
  }

  @Test
  @DisplayName("what is published once SUBSCRIBE has its receipt is delivered")
  void subscribedMeansSubscribed() {
    StompClient subscriber = far();
    StompClient publisher = near();

    for (int i = 0; i < 50; i++) {
      String topic = topic();
      subscriber.subscribe("s" + i, topic);
      publisher.publish(topic, "" + i);
      subscriber.expectMessage("" + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "host:\n", "host:example.org\n", "host:/\n", "host:a b\n"})
  @DisplayName("any host is taken, or none")
  void takesAnyHost(String host) {
    StompClient client = open();

    client.send("CONNECT\naccept-version:1.2\n" + host + "\n\0");

    client.expect("CONNECTED");
  }

  @Test
  @DisplayName("stray NULs between frames say nothing")
  void toleratesStrayNuls() {
    String topic = topic();
    StompClient client = open();

    client.send("\0\n\0CONNECT\naccept-version:1.2\nhost:x\n\n\0\0");
    client.expect("CONNECTED");
    client.send("\0\n\r\n\0");
    client.subscribe("s1", topic);
    client.send("\0\0SEND\ndestination:%1$s\n\none\0\0\n\0".formatted(topic));
    client.publish(topic, "two");

    client.expectMessage("one");
    client.expectMessage("two");
  }

  @Test
  @DisplayName("broken WebSocket text, unmasked frames and reserved opcodes end only that socket")
  void refusesBrokenWebSocket() throws IOException {
    StompClient neighbour = near();

    StompClient notUtf8 = near();
    notUtf8.frame(RawWebSocket.FIN | RawWebSocket.TEXT, "SEND\u00ff".getBytes(ISO_8859_1));
    notUtf8.expectEnd(StompClient.PATIENCE);
    StompClient reserved = near();
    reserved.frame(RawWebSocket.FIN | 0x3, new byte[0]);
    reserved.expectEnd(StompClient.PATIENCE);
    RawWebSocket socket = RawWebSocket.connect(mode.nearPort());
    StompClient unmasked = kept(new StompClient(socket, mode.carriage)).connect("1.2");
    socket.frame(RawWebSocket.FIN | RawWebSocket.BINARY, false, new byte[] {'\n'});
    unmasked.expectEnd(StompClient.PATIENCE);

    neighbour.publishConfirmed(topic(), "unaffected");
  }

  @Test
  @DisplayName("the client's Close frame is answered")
  void answersClose() {
    StompClient client = near();

    client.frame(RawWebSocket.FIN | RawWebSocket.CLOSE, new byte[] {0x03, (byte) 0xE8});

    assertThat(client.expectClose()).isEqualTo(1000);
  }

  @Test
  @DisplayName("a new session works while the old one still seems alive")
  void oldSessionsDoNotHinderNewOnes() {
    String topic = topic();
    StompClient old = near();
    old.subscribe("sub-0", topic);

    StompClient fresh = far();
    fresh.subscribe("sub-0", topic);
    fresh.publish(topic, "x");

    fresh.expectMessage("x");
  }
}

package io.drumline.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How STOMP rides on WebSocket messages. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class CarriageIT extends Conformance {

  @Test
  @DisplayName("W01 of v12, v11, v10 the server takes v12.stomp")
  void prefersTheNewestProtocol() {
    StompClient client = open("v12.stomp", "v11.stomp", "v10.stomp");

    assertThat(client.protocol()).isEqualTo("v12.stomp");
    client.connect("1.2");
  }

  @Test
  @DisplayName("W02 offered in a browser's order, one of them is taken")
  void takesOneOfTheOffered() {
    StompClient client = open("v10.stomp", "v11.stomp", "v12.stomp");

    assertThat(client.protocol()).isIn("v10.stomp", "v11.stomp", "v12.stomp");
    client.connect("1.2");
  }

  @Test
  @DisplayName("W03 without an offer the socket is accepted and no protocol echoed")
  void needsNoProtocol() {
    StompClient client = open();

    assertThat(client.protocol()).isEmpty();
    client.connect("1.2");
  }

  @Test
  @DisplayName("W04 an unknown protocol is never echoed")
  void neverEchoesAnUnknownProtocol() throws IOException {
    RawWebSocket.Response answer =
        RawWebSocket.to(mode.nearPort()).protocols("v99.stomp", "mqtt").refused();

    assertThat(answer.header("Sec-WebSocket-Protocol")).isEmpty();
    assertThat(open("mqtt", "v11.stomp").protocol()).isEqualTo("v11.stomp");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "1.1", "1.2"})
  @DisplayName("W05 offered alone, each version's protocol is taken")
  void takesTheOnlyProtocol(String version) {
    String protocol = "v" + version.replace(".", "") + ".stomp";
    StompClient client = open(protocol);

    assertThat(client.protocol()).isEqualTo(protocol);
    client.connect(version);
  }

  @ParameterizedTest
  @EnumSource(Carriage.class)
  @DisplayName("W06 W07 frames are taken from text and from binary messages, mixed too")
  void takesTextAndBinary(Carriage carriage) {
    String topic = topic();
    StompClient client = near();
    client.subscribe("s1", topic);

    client.message(carriage, send(topic, "in " + carriage));
    client.message(Carriage.TEXT, send(topic, "text"));
    client.message(Carriage.BINARY, send(topic, "binary"));

    client.expectMessage("in " + carriage);
    client.expectMessage("text");
    client.expectMessage("binary");
  }

  @Test
  @DisplayName("W08 frames may come one byte a message")
  void takesOneByteAMessage() {
    String topic = topic();
    StompClient client = open();

    byteByByte(client, "CONNECT\naccept-version:1.2\nhost:x\n\n\0");
    client.expect("CONNECTED");
    byteByByte(client, "SUBSCRIBE\r\nid:1\r\ndestination:" + topic + "\r\nreceipt:r\r\n\r\n\0");
    client.expect("RECEIPT");
    byteByByte(client, "SEND\ndestination:" + topic + "\ncontent-length:3\nk:\\c\n\na\0b\0");

    assertThat(client.expect("MESSAGE", "k::").body()).isEqualTo("a\0b".getBytes(UTF_8));
  }

  private static void byteByByte(StompClient client, String frame) {
    frame.chars().forEach(b -> client.send(new byte[] {(byte) b}));
  }

  @Test
  @DisplayName("W09 a message may hold several frames")
  void takesSeveralFramesFromAMessage() {
    String topic = topic();
    StompClient client = open();

    client.send(
        ("CONNECT\naccept-version:1.2\nhost:x\n\n\0\n"
                + "SUBSCRIBE\nid:1\ndestination:%1$s\nreceipt:r\n\n\0"
                + "SEND\ndestination:%1$s\n\none\0\n\nSEND\ndestination:%1$s\n\ntwo\0")
            .formatted(topic));

    client.expect("CONNECTED");
    client.expect("RECEIPT", "receipt-id:r");
    client.expectMessage("one");
    client.expectMessage("two");
  }

  @Test
  @DisplayName("W10 a message may hold one frame and a half")
  void takesOneFrameAndAHalf() {
    String topic = topic();
    StompClient client = near();
    client.subscribe("s1", topic);

    client.send("SEND\ndestination:" + topic + "\n\none\0SEND\ndesti");
    client.send("nation:" + topic + "\n\ntw");
    client.send("o\0");

    client.expectMessage("one");
    client.expectMessage("two");
  }

  @Test
  @DisplayName("W11 a message may come in WebSocket fragments, with a ping between")
  void takesFragments() {
    String topic = topic();
    StompClient client = near();
    client.subscribe("s1", topic);
    byte[] frame = send(topic, "smörgås");
    int middleOfTheLetter = new String(frame, UTF_8).indexOf('ö') + 1;

    client.fragmented(
        Arrays.copyOf(frame, middleOfTheLetter),
        Arrays.copyOfRange(frame, middleOfTheLetter, frame.length));
    client.expectMessage("smörgås");

    client.frame(
        mode.carriage == Carriage.TEXT ? RawWebSocket.TEXT : RawWebSocket.BINARY,
        Arrays.copyOf(frame, 5));
    client.frame(RawWebSocket.FIN | RawWebSocket.PING, "between".getBytes(UTF_8));
    assertPong(client, "between");
    client.frame(RawWebSocket.CONTINUATION, new byte[0]);
    client.frame(
        RawWebSocket.FIN | RawWebSocket.CONTINUATION, Arrays.copyOfRange(frame, 5, frame.length));
    client.expectMessage("smörgås");
  }

  @Test
  @DisplayName("W12 binary messages may be split inside a character")
  void takesACharacterSplitOverBinaryMessages() {
    String topic = topic();
    StompClient client = near();
    client.subscribe("s1", topic);
    byte[] frame = ("SEND\ndestination:" + topic + "\nclé:漢\n\n😀\0").getBytes(UTF_8);

    for (byte b : frame) {
      client.message(Carriage.BINARY, new byte[] {b});
    }

    assertThat(client.expect("MESSAGE", "clé:漢").bodyText()).isEqualTo("😀");
  }

  @Test
  @DisplayName("W13 a ping is answered with its payload, before and after CONNECT")
  void answersPings() {
    StompClient client = open();

    client.frame(RawWebSocket.FIN | RawWebSocket.PING, "before".getBytes(UTF_8));
    assertPong(client, "before");
    client.connect("1.2");
    client.frame(RawWebSocket.FIN | RawWebSocket.PING, new byte[125]);
    assertPong(client, "\0".repeat(125));
  }

  private static void assertPong(StompClient client, String payload) {
    RawWebSocket.Frame pong = client.next(StompClient.PATIENCE);
    assertThat(pong.opcode()).isEqualTo(RawWebSocket.PONG);
    assertThat(pong.text()).isEqualTo(payload);
  }

  @Test
  @DisplayName("W14 a message may end in CR and the next begin with LF")
  void takesALineEndSplitOverMessages() {
    String topic = topic();
    StompClient client = open();

    client.send("CONNECT\r");
    client.send("\naccept-version:1.2\r");
    client.send("\nhost:x\r\n\r");
    client.send("\n\0\r");
    client.send("\n");
    client.expect("CONNECTED", "version:1.2");
    client.subscribe("s1", topic);
    client.send("SEND\r\ndestination:" + topic + "\r");
    client.send("\nk:v\r");
    client.send("\n\r");
    client.send("\n\nbody\0");

    assertThat(client.expect("MESSAGE", "k:v").bodyText()).isEqualTo("\nbody");
  }

  @Test
  @DisplayName("W15 a message may end inside an escape")
  void takesAnEscapeSplitOverMessages() {
    String topic = topic();
    StompClient client = near();
    client.subscribe("s1", topic);

    client.send("SEND\ndestination:" + topic + "\nk:a\\");
    client.send("nb\\");
    client.send("\\c\n\n\0");

    client.expect("MESSAGE", "k:a\nb\\c");
  }

  @Test
  @DisplayName("W16 permessage-deflate may be offered")
  void worksWhenCompressionIsOffered() throws IOException {
    String topic = topic();
    StompClient client =
        kept(
            new StompClient(
                RawWebSocket.to(mode.nearPort())
                    .header(
                        "Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
                    .connect(),
                mode.carriage));
    client.connect("1.2");
    client.subscribe("s1", topic);

    client.publish(topic, "compress me ".repeat(100));

    client.expectMessage("compress me ".repeat(100));
  }

  @Test
  @DisplayName("an empty message says nothing")
  void ignoresEmptyMessages() {
    StompClient client = near();

    client.send(new byte[0]);
    client.confirmed("BEGIN", "transaction:t");
  }

  private static byte[] send(String topic, String body) {
    return ("SEND\ndestination:" + topic + "\n\n" + body + "\0").getBytes(UTF_8);
  }
}

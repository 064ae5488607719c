package io.drumline.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.StompFrame;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers and bodies, from the publisher's SEND to the subscriber's MESSAGE. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class HeadersIT extends Conformance {

  /** A SEND with this after its destination line. */
  private static String send(String rest) {
    return "SEND\ndestination:/topic/refused\n" + rest;
  }

  @Test
  @DisplayName("S01 a MESSAGE has destination, message-id and subscription")
  void messagesAreNamed() {
    StompFrame message = delivered("", "hello");

    assertThat(message.values("subscription")).containsExactly("s1");
    assertThat(message.header("message-id")).isNotBlank();
    assertThat(message.values("destination")).hasSize(1);
    assertThat(message.bodyText()).isEqualTo("hello");
  }

  @Test
  @DisplayName("S02 user headers pass, in order")
  void passesUserHeaders() {
    StompFrame message = delivered("zeta:1\nalpha:two\nX-Thing:3\n", "");

    assertThat(
            message.headers().stream()
                .filter(h -> List.of("zeta", "alpha", "X-Thing").contains(h.name())))
        .containsExactly(
            new StompFrame.Header("zeta", "1"),
            new StompFrame.Header("alpha", "two"),
            new StompFrame.Header("X-Thing", "3"));
  }

  @Test
  @DisplayName("S03 all escapes in values arrive")
  void passesEscapesInValues() {
    StompFrame message = delivered("k:\\na\\nb\\rc\\cd\\\\e\\\\n\\\\\n", "");

    assertThat(message.header("k")).isEqualTo("\na\nb\rc:d\\e\\n\\");
  }

  @Test
  @DisplayName("S04 all escapes in names arrive")
  void passesEscapesInNames() {
    StompFrame message = delivered("a\\nb\\rc\\cd\\\\e:v\n", "");

    assertThat(message.header("a\nb\rc:d\\e")).isEqualTo("v");
  }

  @ParameterizedTest
  @ValueSource(strings = {"k:a\\tb", "k\\t:ab", "k:\\0", "k:a\\Nb"})
  @DisplayName("S05 an undefined escape is fatal")
  void refusesUndefinedEscapes(String line) {
    refused(send(line + "\n\nx\0"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"k:a\\\n\nx\0", "k:a\\\r\n\r\nx\0", "k\\:a\n\nx\0", "k:a\\\\\\\n\nx\0"})
  @DisplayName("S06 a backslash at the end is fatal")
  void refusesADanglingBackslash(String rest) {
    refused(send(rest));
  }

  @Test
  @DisplayName("S07 of a repeated header the first counts")
  void firstHeaderWins() {
    assertThat(delivered("k:first\nk:second\nk:third\n", "").header("k")).isEqualTo("first");
  }

  @Test
  @DisplayName("S08 of a repeated destination the first counts")
  void firstDestinationWins() {
    StompFrame message = delivered("destination:/topic/other\n", "x");

    assertThat(message.values("destination")).hasSize(1);
  }

  @Test
  @DisplayName("S09 values are not trimmed")
  void keepsSpaceAroundValues() {
    assertThat(delivered("k:  v \t \n", "").header("k")).isEqualTo("  v \t ");
  }

  @Test
  @DisplayName("S10 names are not trimmed")
  void keepsSpaceAroundNames() {
    StompFrame message = delivered(" k :v\n", "");

    assertThat(message.header(" k ")).isEqualTo("v");
    assertThat(message.header("k")).isNull();
  }

  @Test
  @DisplayName("S11 an empty value is kept")
  void keepsEmptyValues() {
    assertThat(delivered("k:\n", "").values("k")).containsExactly("");
  }

  @Test
  @DisplayName("S12 names, values and bodies are UTF-8")
  void passesUtf8() {
    StompFrame message = delivered("ключ:zhē 漢字 😀\n", "καλημέρα 😀");

    assertThat(message.header("ключ")).isEqualTo("zhē 漢字 😀");
    assertThat(message.bodyText()).isEqualTo("καλημέρα 😀");
  }

  @Test
  @DisplayName("S13 a raw colon in a value is tolerated")
  void takesColonsInValues() {
    assertThat(delivered("k:http://a:1/:\n", "").header("k")).isEqualTo("http://a:1/:");
  }

  @Test
  @DisplayName("S14 a header line without colon is fatal")
  void refusesAHeaderWithoutColon() {
    refused(send("no colon here\n\nx\0"));
  }

  @Test
  @DisplayName("S15 with content-length a body may hold any bytes")
  void passesAnyBytes() {
    byte[] body = new byte[512];
    for (int i = 0; i < body.length; i++) {
      body[i] = (byte) i;
    }
    String topic = topic();
    StompClient subscriber = far();
    subscriber.subscribe("s1", topic);

    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.writeBytes(("SEND\ndestination:" + topic + "\ncontent-length:512\n\n").getBytes(UTF_8));
    frame.writeBytes(body);
    frame.write(0);
    near().message(Carriage.BINARY, frame.toByteArray());

    StompFrame message = subscriber.expect("MESSAGE", "content-length:512");
    assertThat(message.body()).isEqualTo(body);
    assertThat(message.text()).isFalse();
  }

  @Test
  @DisplayName("S16 a body with NUL arrives with content-length")
  void passesNul() {
    StompFrame message = delivered("content-length:4\n", "\0a\0\0");

    assertThat(message.header("content-length")).isEqualTo("4");
    assertThat(message.bodyText()).isEqualTo("\0a\0\0");
  }

  @Test
  @DisplayName("S17 without content-length the first NUL ends the body")
  void nulEndsTheBody() {
    String topic = topic();
    StompClient client = near();
    client.subscribe("s1", topic);

    client.send("SEND\ndestination:%1$s\n\none\0SEND\ndestination:%1$s\n\ntwo\0".formatted(topic));

    client.expectMessage("one");
    client.expectMessage("two");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "content-length:0\n"})
  @DisplayName("S18 a body may be empty")
  void passesAnEmptyBody(String length) {
    assertThat(delivered(length, "").body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"content-length:3\n\nhello\0", "content-length:0\n\nx\0"})
  @DisplayName("S19 a content-length shorter than the body is fatal")
  void refusesAShortLength(String rest) {
    refused(send(rest));
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "-1", "5x", "0x5", "1e1", "99999999999999999999"})
  @DisplayName("S20 a content-length that is no number is fatal")
  void refusesAMalformedLength(String length) {
    refused(send("content-length:" + length + "\n\nhello\0"));
  }

  @Test
  @DisplayName("S21 content-length counts bytes")
  void lengthCountsBytes() {
    StompFrame message = delivered("content-length:9\n", "é漢😀");

    assertThat(message.header("content-length")).isEqualTo("9");
    assertThat(delivered("", "é漢😀").header("content-length")).isIn(null, "9");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json;charset=utf-8", "image/png", "no type at all"})
  @DisplayName("S22 content-type passes unchanged")
  void passesContentType(String type) {
    assertThat(delivered("content-type:" + type + "\n", "{}").values("content-type"))
        .containsExactly(type);
  }

  @Test
  @DisplayName("S23 line ends of a body are kept")
  void keepsLineEnds() {
    String body = "\r\na\nb\rc\r\n\n\r";

    assertThat(delivered("", body).bodyText()).isEqualTo(body);
    assertThat(delivered("content-length:12\n", body + "!").bodyText()).isEqualTo(body + "!");
  }

  @Test
  @DisplayName("S37 line ends between frames say nothing")
  void ignoresLineEndsBetweenFrames() {
    String topic = topic();
    StompClient client = near();
    client.subscribe("s1", topic);
    String frame = "SEND\ndestination:" + topic + "\n\n";

    client.send("\n\r\n\n" + frame + "one\0\n\r\n\r\n\n" + frame + "two\0\r\n");
    client.send("\r\n" + frame + "three\0");

    client.expectMessage("one");
    client.expectMessage("two");
    client.expectMessage("three");
  }

  @ParameterizedTest
  @ValueSource(strings = {"k:a\rb\n\nx\0", "k\rl:v\n\nx\0", "k:v\r\r\n\nx\0"})
  @DisplayName("S38 a CR inside a header line is fatal")
  void refusesCrInAHeader(String rest) {
    refused(send(rest));
  }

  @Test
  @DisplayName("S46 a SEND cannot name its MESSAGE, subscription or ack")
  void cannotSpoofServerHeaders() {
    StompFrame message = delivered("message-id:mine\nsubscription:mine\nack:mine\n", "x");

    assertThat(message.values("subscription")).containsExactly("s1");
    assertThat(message.values("message-id")).hasSize(1).doesNotContain("mine");
    assertThat(message.values("ack")).isEmpty();
  }

  @Test
  @DisplayName("an application's event, reason, missed and simpson reach subscribers")
  void passesNamesThatOnlyLookLikeTheServers() {
    StompFrame message =
        delivered("event:sale\nreason:spring\nmissed:you\nsimpson:homer\nselector:all\n", "x");

    assertThat(message.header("event")).isEqualTo("sale");
    assertThat(message.header("reason")).isEqualTo("spring");
    assertThat(message.header("missed")).isEqualTo("you");
    assertThat(message.header("simpson")).isEqualTo("homer");
    assertThat(message.header("selector")).isEqualTo("all");
  }

  @ParameterizedTest
  @ValueSource(strings = {"drumline-event", "drumline-missed", "user-name", "simpUser"})
  @DisplayName("a SEND with a header that is the server's own is refused by name, also to /app")
  void refusesTheServersOwnHeadersByName(String name) {
    for (String destination : new String[] {"/topic/a", "/app/a"}) {
      StompFrame error =
          refused("SEND\ndestination:%s\nreceipt:r\n%s:x\n\nx\0".formatted(destination, name));

      assertThat(error.header("message")).contains("'" + name + "'");
      assertThat(error.header("receipt-id")).isEqualTo("r");
    }
  }

  @Test
  @DisplayName("S47 receipt and transaction of a SEND do not reach subscribers")
  void hidesReceiptAndTransaction() {
    String topic = topic();
    StompClient subscriber = far();
    subscriber.subscribe("s1", topic);
    StompClient publisher = near();
    publisher.confirmed("BEGIN", "transaction:t");
    publisher.publish(topic, "x", "transaction:t", "receipt:x");
    publisher.command("COMMIT", "transaction:t");
    publisher.expect("RECEIPT", "receipt-id:x");

    StompFrame message = subscriber.expectMessage("x");

    assertThat(message.header("receipt")).isNull();
    assertThat(message.header("transaction")).isNull();
  }
}

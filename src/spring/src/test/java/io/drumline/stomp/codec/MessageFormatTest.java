package io.drumline.stomp.codec;

import static io.drumline.hub.Frames.Payload.BINARY;
import static io.drumline.hub.Frames.Payload.TEXT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.Destination;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class MessageFormatTest {
  private static final Destination TOPIC = Destination.parse("/topic/a:b");

  @Test
  void writesTheWholeFrameOf12() {
    assertThat(
            encode(
                new MessageFormat("sub-0", StompVersion.V1_2, AckMode.AUTO, TEXT),
                TOPIC,
                "x:a\\cb\n",
                "é"))
        .isEqualTo(
            """
            MESSAGE
            subscription:sub-0
            message-id:e.1.m1
            destination:/topic/a\\cb
            x:a\\cb
            content-length:2

            é\0\
            """);
  }

  @Test
  void aClientThatAcknowledgesGetsAnAckIn12() {
    assertThat(
            encode(new MessageFormat("s", StompVersion.V1_2, AckMode.CLIENT, TEXT), TOPIC, "", ""))
        .contains("\nack:e.1.m1\\cs\n");
  }

  @Test
  void acknowledgesByMessageIdBefore12() {
    assertThat(
            encode(new MessageFormat("s", StompVersion.V1_1, AckMode.CLIENT, TEXT), TOPIC, "", ""))
        .doesNotContain("\nack:");
    assertThat(
            encode(new MessageFormat("s", StompVersion.V1_0, AckMode.CLIENT, TEXT), TOPIC, "", ""))
        .doesNotContain("\nack:");
  }

  @Test
  void a10SubscriptionWithoutIdHasNoSubscriptionHeader() {
    assertThat(
            encode(new MessageFormat(null, StompVersion.V1_0, AckMode.AUTO, TEXT), TOPIC, "", ""))
        .doesNotContain("subscription");
  }

  @Test
  void escapesAsTheVersionDemands() {
    String crAndColon = "x:\\r\\c\n";

    assertThat(
            encode(
                new MessageFormat("a:b", StompVersion.V1_2, AckMode.AUTO, TEXT),
                TOPIC,
                crAndColon,
                ""))
        .contains("\nsubscription:a\\cb\n", "\nx:\\r\\c\n");
    assertThat(
            encode(
                new MessageFormat("a:b", StompVersion.V1_1, AckMode.AUTO, TEXT),
                TOPIC,
                crAndColon,
                ""))
        .contains("\nsubscription:a\\cb\n")
        .doesNotContain("\\r", "\r");
    assertThat(
            encode(
                new MessageFormat("a:b", StompVersion.V1_0, AckMode.AUTO, TEXT),
                TOPIC,
                "x:\\c\n",
                ""))
        .contains("\nsubscription:a:b\n", "\nx::\n");
  }

  @Test
  void aUsersOwnDestinationIsShownWithoutTheName() {
    assertThat(
            encode(
                new MessageFormat("s", StompVersion.V1_2, AckMode.AUTO, TEXT),
                Destination.ofUser("alice", "/queue/x"),
                "",
                ""))
        .contains("\ndestination:/user/queue/x\n")
        .doesNotContain("alice");
  }

  @Test
  void equalFormatsShareOneFrame() {
    assertThat(new MessageFormat("s", StompVersion.V1_2, AckMode.AUTO, TEXT))
        .isEqualTo(new MessageFormat("s", StompVersion.V1_2, AckMode.AUTO, TEXT))
        .isNotEqualTo(new MessageFormat("s", StompVersion.V1_2, AckMode.CLIENT, TEXT))
        .isNotEqualTo(new MessageFormat("s", StompVersion.V1_1, AckMode.AUTO, TEXT))
        .isNotEqualTo(new MessageFormat("t", StompVersion.V1_2, AckMode.AUTO, TEXT))
        .isNotEqualTo(new MessageFormat("s", StompVersion.V1_2, AckMode.AUTO, BINARY));
  }

  private static String encode(
      MessageFormat format, Destination destination, String headers, String body) {
    ByteBuf out = Unpooled.buffer();
    format.encode(
        new Publication(
            destination,
            new Position("e", 1),
            "",
            "m1",
            0,
            headers.getBytes(UTF_8),
            body.getBytes(UTF_8),
            null),
        out);
    return out.toString(UTF_8);
  }
}

package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.MessageHeaderAccessor;

/** What is for the application, and nothing in it takes. */
class UnmappedTest {
  private static final String CONNECT = "CONNECT\naccept-version:1.2\n\n\0";
  private static final String SEND = "SEND\ndestination:/app/nothing\nreceipt:r\n\nbody\0";
  private static final String SUBSCRIBE =
      "SUBSCRIBE\nid:s\ndestination:/app/nothing\nreceipt:r\n\n\0";

  /** Lets everything pass, so that every frame goes through the channel. */
  private static final ChannelInterceptor LOOKING =
      new ChannelInterceptor() {
        @Override
        public Message<?> preSend(Message<?> message, MessageChannel channel) {
          return message;
        }
      };

  @ParameterizedTest
  @ValueSource(strings = {SEND, SUBSCRIBE})
  void isRefusedWithItsDestination(String frame) throws Exception {
    try (FakeNode plain = new FakeNode(Map.of());
        FakeNode intercepted = new FakeNode(Map.of(), LOOKING)) {
      for (FakeNode node : new FakeNode[] {plain, intercepted}) {
        FakeNode.Client client = connected(node).send(frame);
        String command = frame.substring(0, frame.indexOf('\n'));

        await().until(() -> client.closeCode() == 1002);
        assertThat(client.heard())
            .contains("Nothing in the application takes a " + command + " to /app/nothing.")
            .contains("receipt-id:r")
            .doesNotContain("RECEIPT\n");
        assertThat(
                node.count(
                    "drumline.application.unmapped", "command", command.toLowerCase(Locale.ROOT)))
            .isEqualTo(1);
      }
    }
  }

  @Test
  void isIgnoredAndCountedWhereSoSet() throws Exception {
    try (FakeNode node = new FakeNode(Map.of("stomp.unmapped", "ignore"))) {
      FakeNode.Client client = connected(node).send(SEND);

      await().until(() -> client.heard().contains("RECEIPT\n"));
      assertThat(node.count("drumline.application.unmapped", "command", "send")).isEqualTo(1);
    }
  }

  @Test
  void isNotJudgedWhereTheApplicationHasHandlersOfItsOwn() throws Exception {
    try (FakeNode node = new FakeNode(Map.of())) {
      node.clientInbound.subscribe(message -> {});
      FakeNode.Client client = connected(node).send(SEND);

      await().until(() -> client.heard().contains("RECEIPT\n"));
    }
  }

  @Test
  void aFreshTokenWhereThereAreNoneIsNotRefused() throws Exception {
    try (FakeNode node = new FakeNode(Map.of())) {
      FakeNode.Client client =
          connected(node).send("SEND\ndestination:/app/session/token\nreceipt:r\n\ntoken\0");

      await().until(() -> client.heard().contains("RECEIPT\n"));
    }
  }

  @Test
  void anInterceptorMayTurnItToTheBroker() throws Exception {
    ChannelInterceptor turning =
        new ChannelInterceptor() {
          @Override
          public Message<?> preSend(Message<?> message, MessageChannel channel) {
            SimpMessageHeaderAccessor accessor =
                MessageHeaderAccessor.getAccessor(message, SimpMessageHeaderAccessor.class);
            if (accessor != null && "/app/nothing".equals(accessor.getDestination())) {
              accessor.setDestination("/topic/something");
            }
            return message;
          }
        };
    try (FakeNode node = new FakeNode(Map.of(), turning)) {
      FakeNode.Client client = connected(node).send(SEND);

      await().until(() -> client.heard().contains("RECEIPT\n"));
    }
  }

  private static FakeNode.Client connected(FakeNode node) throws Exception {
    FakeNode.Client client = node.open().send(CONNECT);
    await().until(() -> client.heard().contains("CONNECTED\n"));
    return client;
  }
}

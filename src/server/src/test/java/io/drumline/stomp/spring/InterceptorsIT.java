package io.drumline.stomp.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.MessagingException;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.messaging.support.MessageHeaderAccessor;

/** What interceptors of the application's may do with client messages. */
class InterceptorsIT {
  private static SpringNode node;
  private static Interception.Interceptor interceptor;

  @BeforeAll
  static void start() {
    node = SpringNode.start(Interception.class);
    interceptor = node.bean(Interception.Interceptor.class);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void passEverything() {
    interceptor.rule = message -> message;
  }

  @Test
  void mayRefuseWithASentence() {
    interceptor.rule =
        on(
            StompCommand.SUBSCRIBE,
            message -> {
              throw new IllegalArgumentException("This topic is not for you.");
            });
    try (StompClient client = node.client()) {
      client.command("SUBSCRIBE", "id:s", "destination:/topic/a", "receipt:r");

      client.expectErrorAndClose("message:This topic is not for you.", "receipt-id:r");
    }
  }

  @Test
  void mayRefuseWithAMessagingException() {
    for (MessagingException refusal :
        List.of(
            new MessagingException("Please pay first."),
            new MessageDeliveryException("Please pay first."))) {
      interceptor.rule =
          on(
              StompCommand.SEND,
              message -> {
                throw refusal;
              });
      try (StompClient client = node.client()) {
        client.publish("/topic/a", "");

        client.expectErrorAndClose("message:Please pay first.");
      }
    }
  }

  @Test
  void aRefusalWithoutASentenceTellsNoClassName() {
    interceptor.rule =
        on(
            StompCommand.SEND,
            message -> {
              throw new IllegalStateException();
            });
    try (StompClient client = node.client()) {
      client.publish("/app/echo", "");

      client.expectErrorAndClose("message:The message was refused.");
    }
  }

  @Test
  void mayRefuseConnect() {
    interceptor.rule =
        on(
            StompCommand.CONNECT,
            message -> {
              throw new MessagingException("Bad credentials.");
            });
    try (StompClient client = node.open()) {
      client.send("CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/topic/a\n\nbehind\0");

      client.expectErrorAndClose("message:Bad credentials.");
    }
  }

  @Test
  void mayVetoConnect() {
    interceptor.rule = on(StompCommand.CONNECT, message -> null);
    try (StompClient client = node.open()) {
      client.send("CONNECT\naccept-version:1.2\n\n\0");

      client.expectErrorAndClose();
    }
  }

  @Test
  void whatComesBehindConnectWaitsForIt() throws Exception {
    Gate gate = new Gate();
    interceptor.rule =
        on(
            StompCommand.CONNECT,
            message -> {
              try {
                gate.pass();
              } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
              }
              return message;
            });
    try (StompClient client = node.open()) {
      client.send(
          "CONNECT\naccept-version:1.2\n\n\0"
              + "SUBSCRIBE\nid:s\ndestination:/topic/early\nreceipt:1\n\n\0"
              + "SEND\ndestination:/topic/early\n\nhello\0");
      gate.awaitEntered(1);
      client.expectNothing(Duration.ofMillis(300));
      gate.open(1);

      client.expect("CONNECTED");
      client.expect("RECEIPT", "receipt-id:1");
      client.expectMessage("hello");
    }
  }

  @Test
  void aVetoedMessageIsDroppedWithoutReceipt() {
    interceptor.rule =
        on(StompCommand.SEND, message -> text(message).equals("no") ? null : message);
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/a");

      client.publish("/topic/a", "no", "receipt:vetoed");
      client.publish("/app/echo", "no", "receipt:vetoed-too");
      client.publish("/topic/a", "yes", "receipt:passed");

      StompFrame first = client.nextFrame();
      StompFrame second = client.nextFrame();
      assertThat(List.of(first.command(), second.command()))
          .containsExactlyInAnyOrder("MESSAGE", "RECEIPT");
      StompFrame receipt = first.command().equals("RECEIPT") ? first : second;
      StompFrame message = first.command().equals("RECEIPT") ? second : first;
      assertThat(receipt.header("receipt-id")).isEqualTo("passed");
      assertThat(message.bodyText()).isEqualTo("yes");
    }
  }

  @Test
  void aVetoedSubscriptionGetsNothing() {
    interceptor.rule =
        on(StompCommand.SUBSCRIBE, message -> isTo(message, "/topic/no") ? null : message);
    try (StompClient client = node.client()) {
      client.command("SUBSCRIBE", "id:no", "destination:/topic/no");
      client.subscribe("yes", "/topic/yes");

      client.publish("/topic/no", "lost");
      client.publish("/topic/yes", "seen");

      client.expectMessage("seen");
    }
  }

  @Test
  void aVetoDoesNotKeepAClientFromLeaving() {
    interceptor.rule = on(StompCommand.DISCONNECT, message -> null);
    try (StompClient client = node.client()) {
      client.command("DISCONNECT");

      assertThat(client.expectClose()).isEqualTo(1000);
    }
  }

  @Test
  void mayRewriteTheDestination() {
    interceptor.rule =
        message -> {
          StompHeaderAccessor accessor = accessor(message);
          if ("/topic/alias".equals(accessor.getDestination())) {
            accessor.setDestination("/topic/real");
          }
          return message;
        };
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/alias");

      client.publish("/topic/real", "by subscription");
      assertThat(client.expectMessage("by subscription").header("destination"))
          .isEqualTo("/topic/real");
      client.publish("/topic/alias", "by sending");
      client.expectMessage("by sending");
    }
  }

  @Test
  void mayTurnAMessageToTheApplication() {
    interceptor.rule =
        message -> {
          StompHeaderAccessor accessor = accessor(message);
          if ("/topic/raw".equals(accessor.getDestination())) {
            accessor.setDestination("/app/echo");
          }
          return message;
        };
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/echoed");

      client.publish("/topic/raw", "hello", "receipt:r");

      assertThat(List.of(client.nextFrame().command(), client.nextFrame().command()))
          .containsExactlyInAnyOrder("MESSAGE", "RECEIPT");
    }
  }

  @Test
  void mayRewritePayloadAndHeaders() {
    interceptor.rule =
        on(
            StompCommand.SEND,
            message -> {
              StompHeaderAccessor accessor = accessor(message);
              accessor.setNativeHeader("stamp", "checked");
              accessor.removeNativeHeader("secret");
              return MessageBuilder.createMessage(
                  text(message).replace("darn", "****").getBytes(UTF_8),
                  accessor.getMessageHeaders());
            });
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/clean");
      client.subscribe("e", "/topic/echoed");

      client.publish("/topic/clean", "darn it", "secret:x");
      StompFrame message = client.expectMessage("**** it");
      assertThat(message.header("stamp")).isEqualTo("checked");
      assertThat(message.header("secret")).isNull();

      client.publish("/app/echo", "darn");
      client.expectMessage("****");
    }
  }

  @Test
  void seesTransactionsWhenTheyAreCommitted() {
    List<String> seen = new CopyOnWriteArrayList<>();
    interceptor.rule =
        on(
            StompCommand.SEND,
            message -> {
              seen.add(text(message));
              return message;
            });
    try (StompClient client = node.client()) {
      client.confirmed("BEGIN", "transaction:t");
      client.publish("/topic/a", "held", "transaction:t");
      client.confirmed("BEGIN", "transaction:behind");
      assertThat(seen).isEmpty();

      client.confirmed("COMMIT", "transaction:t");
      assertThat(seen).containsExactly("held");

      client.confirmed("BEGIN", "transaction:t");
      client.publish("/topic/a", "aborted", "transaction:t");
      client.confirmed("ABORT", "transaction:t");
      assertThat(seen).containsExactly("held");
    }
  }

  @Test
  void keepsTheOrderOfASession() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/many");

      for (int i = 0; i < 300; i++) {
        client.publish("/topic/many", Integer.toString(i));
      }

      for (int i = 0; i < 300; i++) {
        client.expectMessage(Integer.toString(i));
      }
    }
  }

  @Test
  void anExecutorInterceptorIsAroundEveryHandler() {
    interceptor.handled.clear();
    try (StompClient client = node.client()) {
      client.publishConfirmed("/app/echo", "handled");

      await()
          .untilAsserted(
              () ->
                  assertThat(interceptor.handled)
                      .containsSubsequence(
                          "before SimpAnnotationMethodMessageHandler handled",
                          "after SimpAnnotationMethodMessageHandler handled"));
    }
  }

  @Test
  void anInterceptorThatFailsOnTheSessionsEndHarmsNoOther() {
    interceptor.rule =
        on(
            StompCommand.DISCONNECT,
            message -> {
              throw new IllegalStateException("This test's own failure, to be seen in the log.");
            });
    try (StompClient client = node.client()) {
      client.reset();
    }
    try (StompClient next = node.client()) {
      next.subscribe("s", "/topic/echoed");
      next.publish("/app/echo", "fine");
      next.expectMessage("fine");
    }
  }

  private static Function<Message<?>, @Nullable Message<?>> on(
      StompCommand command, Function<Message<?>, @Nullable Message<?>> rule) {
    return message -> accessor(message).getCommand() == command ? rule.apply(message) : message;
  }

  private static StompHeaderAccessor accessor(Message<?> message) {
    return Objects.requireNonNull(
        MessageHeaderAccessor.getAccessor(message, StompHeaderAccessor.class));
  }

  private static boolean isTo(Message<?> message, String destination) {
    return destination.equals(accessor(message).getDestination());
  }

  private static String text(Message<?> message) {
    return new String((byte[]) message.getPayload(), UTF_8);
  }
}

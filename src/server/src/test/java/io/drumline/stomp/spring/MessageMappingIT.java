package io.drumline.stomp.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Profile;
import org.springframework.messaging.handler.annotation.DestinationVariable;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Headers;
import org.springframework.messaging.handler.annotation.MessageExceptionHandler;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.messaging.handler.annotation.support.MethodArgumentNotValidException;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.annotation.SendToUser;
import org.springframework.messaging.simp.annotation.SubscribeMapping;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.web.bind.annotation.ControllerAdvice;

/** {@code @MessageMapping} and its kin, in an application without interceptors. */
class MessageMappingIT {
  private static SpringNode node;

  @BeforeAll
  static void start() {
    node = SpringNode.start(Application.class);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void readsAndWritesJson() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/greeted");

      client.publish("/app/greet", "{\"name\":\"Ada\"}", "content-type:application/json");

      StompFrame message = client.expectMessage("{\"text\":\"Hello, Ada!\"}");
      assertThat(message.header("content-type")).isEqualTo("application/json");
      assertThat(message.header("destination")).isEqualTo("/topic/greeted");
    }
  }

  @Test
  void readsJsonWithoutContentType() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/greeted");

      client.publish("/app/greet", "{\"name\":\"Bob\"}");

      client.expectMessage("{\"text\":\"Hello, Bob!\"}");
    }
  }

  @Test
  void theDefaultDestinationIsTheMappingUnderTopic() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/rooms/upper");

      client.publish("/app/rooms/upper", "quiet");

      client.expectMessage("QUIET");
    }
  }

  @Test
  void sendToNamesSeveralDestinationsWithVariables() {
    try (StompClient client = node.client()) {
      client.subscribe("one", "/topic/doors/red");
      client.subscribe("two", "/topic/all-doors");

      client.publish("/app/doors/red/knock", "knock");

      List<String> destinations =
          List.of(
              client.expectMessage("red: knock").header("destination"),
              client.expectMessage("red: knock").header("destination"));
      assertThat(destinations).containsExactlyInAnyOrder("/topic/doors/red", "/topic/all-doors");
    }
  }

  @Test
  void handsOverHeaders() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/headers");

      client.publish("/app/headers", "", "colour:blue\\cgreen", "count:3");

      client.expectMessage("blue:green 4 none [3]");
    }
  }

  @Test
  void handsOverTheAccessor() {
    try (SpringNode.Session session = node.session()) {
      session.client().subscribe("s", "/topic/accessor");

      session.client().publish("/app/accessor", "", "colour:blue");

      session.client().expectMessage(session.id() + " SEND /app/accessor blue");
    }
  }

  @Test
  void handsOverBytes() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/bytes");

      client.send("SEND\ndestination:/app/bytes\ncontent-length:3\n\n\u0001\0\u0002\0");

      assertThat(client.expect("MESSAGE").body()).containsExactly(2, 0, 1);
    }
  }

  @Test
  void sendsWhatCompletesLater() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/later");

      client.publish("/app/later", "done");

      client.expectMessage("later: done");
    }
  }

  @Test
  void validatesThePayload() {
    try (StompClient client = node.client()) {
      client.subscribe("errors", "/user/queue/errors");

      client.publish("/app/valid", "{\"name\":\" \"}");
      client.expectMessage("invalid: name");

      client.subscribe("s", "/topic/valid");
      client.publish("/app/valid", "{\"name\":\"Ada\"}");
      client.expectMessage("valid");
    }
  }

  @Test
  void aControllersExceptionHandlerAnswers() {
    try (StompClient client = node.client()) {
      client.subscribe("errors", "/user/queue/errors");

      client.publish("/app/fail", "of the controller");

      client.expectMessage("handled: of the controller");
    }
  }

  @Test
  void anAdviceAnswersForAllControllers() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/advice");

      client.publish("/app/fail-elsewhere", "of any");

      client.expectMessage("advised: of any");
    }
  }

  @Test
  void aFailureThatNobodyHandlesLeavesTheSessionOpen() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/rooms/upper");

      client.publishConfirmed("/app/unhandled", "x");

      client.publish("/app/rooms/upper", "still here");
      client.expectMessage("STILL HERE");
    }
  }

  @Test
  void subscribeMappingAnswersTheSubscriberAlone() {
    try (StompClient client = node.client();
        StompClient other = node.client()) {
      other.send("SUBSCRIBE\nid:o\ndestination:/app/state/a\n\n\0");
      other.expectMessage("{\"text\":\"state of a\"}");

      client.send("SUBSCRIBE\nid:c\ndestination:/app/state/b\ncolour:blue\n\n\0");

      StompFrame answer = client.expectMessage("{\"text\":\"state of b\"}");
      assertThat(answer.header("subscription")).isEqualTo("c");
      assertThat(answer.header("destination")).isEqualTo("/app/state/b");
      assertThat(answer.header("message-id")).isNotBlank();
      other.publishConfirmed("/app/rooms/upper", "nothing came before this receipt");
    }
  }

  @Test
  void subscribeMappingWithSendToGoesThroughTheBroker() {
    try (StompClient client = node.client();
        StompClient other = node.client()) {
      other.subscribe("o", "/topic/arrivals");

      client.send("SUBSCRIBE\nid:c\ndestination:/app/arrive\n\n\0");

      other.expectMessage("somebody came");
    }
  }

  @Test
  void anAnswerGoesOutThoughTheClientDisconnectsAtOnce() {
    try (StompClient client = node.client()) {
      client.send("SUBSCRIBE\nid:c\ndestination:/app/state/b\n\n\0DISCONNECT\nreceipt:bye\n\n\0");

      client.expectMessage("{\"text\":\"state of b\"}");
      client.expect("RECEIPT", "receipt-id:bye");
    }
  }

  @Test
  void anApplicationSubscriptionCanBeUnsubscribed() {
    try (StompClient client = node.client()) {
      client.send("SUBSCRIBE\nid:c\ndestination:/app/state/x\n\n\0");
      client.expectMessage("{\"text\":\"state of x\"}");

      client.confirmed("UNSUBSCRIBE", "id:c");

      client.send("SUBSCRIBE\nid:c\ndestination:/app/state/y\n\n\0");
      client.expectMessage("{\"text\":\"state of y\"}");
    }
  }

  @Test
  void sessionAttributesLiveFromCallToCallOfOneSession() {
    try (StompClient client = node.client();
        StompClient other = node.client()) {
      client.subscribe("s", "/user/queue/count");
      other.subscribe("s", "/user/queue/count");

      client.publish("/app/count", "");
      client.expectMessage("1");
      client.publish("/app/count", "");
      client.expectMessage("2");
      other.publish("/app/count", "");
      other.expectMessage("1");
    }
  }

  /** What the application is made of. */
  static class Application {
    @Bean
    Room room() {
      return new Room();
    }

    @Bean
    Elsewhere elsewhere() {
      return new Elsewhere();
    }

    @Bean
    Advice advice() {
      return new Advice();
    }
  }

  record Person(@NotBlank String name) {}

  record Text(String text) {}

  @TestController
  static class Room {
    @MessageMapping("/greet")
    @SendTo("/topic/greeted")
    Text greet(Person person) {
      return new Text("Hello, " + person.name() + "!");
    }

    @MessageMapping("/rooms/upper")
    String upper(String body) {
      return body.toUpperCase(java.util.Locale.ROOT);
    }

    @MessageMapping("/doors/{door}/knock")
    @SendTo({"/topic/doors/{door}", "/topic/all-doors"})
    String knock(@DestinationVariable String door, @Payload String body) {
      return door + ": " + body;
    }

    @MessageMapping("/headers")
    String headers(
        @Header String colour,
        @Header("count") int count,
        @Header(name = "missing", defaultValue = "none") String missing,
        @Headers Map<String, Object> all) {
      Map<?, ?> nativeHeaders = (Map<?, ?>) all.get("nativeHeaders");
      return colour + " " + (count + 1) + " " + missing + " " + nativeHeaders.get("count");
    }

    @MessageMapping("/accessor")
    String accessor(SimpMessageHeaderAccessor accessor) {
      StompCommand command = ((StompHeaderAccessor) accessor).getCommand();
      return String.join(
          " ",
          accessor.getSessionId(),
          String.valueOf(command),
          accessor.getDestination(),
          accessor.getFirstNativeHeader("colour"));
    }

    @MessageMapping("/bytes")
    byte[] bytes(byte[] body) {
      return new byte[] {body[2], body[1], body[0]};
    }

    @MessageMapping("/later")
    CompletableFuture<String> later(String body) {
      return CompletableFuture.supplyAsync(() -> "later: " + body);
    }

    @MessageMapping("/valid")
    String valid(@Valid Person person) {
      return "valid";
    }

    @MessageExceptionHandler
    @SendToUser("/queue/errors")
    String invalid(MethodArgumentNotValidException invalid) {
      return "invalid: "
          + Objects.requireNonNull(
                  Objects.requireNonNull(invalid.getBindingResult()).getFieldError())
              .getField();
    }

    @MessageMapping("/fail")
    void fail(String body) {
      throw new IllegalStateException(body);
    }

    @MessageExceptionHandler
    @SendToUser("/queue/errors")
    String handle(IllegalStateException failure) {
      return "handled: " + failure.getMessage();
    }

    @SubscribeMapping("/state/{name}")
    Text state(@DestinationVariable String name) {
      return new Text("state of " + name);
    }

    @SubscribeMapping("/arrive")
    @SendTo("/topic/arrivals")
    byte[] arrive() {
      return "somebody came".getBytes(UTF_8);
    }

    @MessageMapping("/count")
    @SendToUser("/queue/count")
    String count(SimpMessageHeaderAccessor accessor) {
      Map<String, Object> attributes = Objects.requireNonNull(accessor.getSessionAttributes());
      return String.valueOf(attributes.merge("count", 1, (old, one) -> (int) old + (int) one));
    }
  }

  @TestController
  static class Elsewhere {
    @MessageMapping("/fail-elsewhere")
    void fail(String body) {
      throw new UnsupportedOperationException(body);
    }

    @MessageMapping("/unhandled")
    void unhandled() {
      throw new ArithmeticException("This test's own failure, to be seen in the log.");
    }
  }

  @ControllerAdvice
  @Profile(TestController.NEVER)
  static class Advice {
    @MessageExceptionHandler
    @SendTo("/topic/advice")
    String advise(UnsupportedOperationException failure) {
      return "advised: " + failure.getMessage();
    }
  }
}

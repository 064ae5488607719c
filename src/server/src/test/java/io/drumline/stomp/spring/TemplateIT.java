package io.drumline.stomp.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.broker.BrokerAvailabilityEvent;

/** {@code SimpMessagingTemplate}, and the broker as the application sees it. */
class TemplateIT {
  private static SpringNode node;
  private static SimpMessagingTemplate template;

  @BeforeAll
  static void start() {
    node = SpringNode.start(Application.class);
    template = node.bean(SimpMessagingTemplate.class);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  record Price(String symbol, int cents) {}

  @Test
  void sendsAnObjectAsJson() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/prices");

      template.convertAndSend("/topic/prices", new Price("ABC", 42));

      StompFrame message = client.expectMessage("{\"symbol\":\"ABC\",\"cents\":42}");
      assertThat(message.header("content-type")).isEqualTo("application/json");
      assertThat(message.header("subscription")).isEqualTo("s");
      assertThat(message.header("message-id")).isNotBlank();
    }
  }

  @Test
  void sendsTextAndBytesAsTheyAre() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/ephemeral/raw");

      template.convertAndSend("/ephemeral/raw", "é");
      client.expectMessage("é");
      template.convertAndSend("/ephemeral/raw", new byte[] {0, (byte) 0xFF});

      StompFrame bytes = client.expect("MESSAGE");
      assertThat(bytes.body()).containsExactly(0, 0xFF);
      assertThat(bytes.text()).isFalse();
    }
  }

  @Test
  void headersReachSubscribers() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/headers");

      template.convertAndSend("/topic/headers", "x", Map.of("colour", "blue: green\n", "count", 3));

      client.expect("MESSAGE", "colour:blue: green\n", "count:3");
    }
  }

  @Test
  void headersCannotPretendToBeTheServers() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/headers");

      template.convertAndSend(
          "/topic/headers", "x", Map.of("subscription", "other", "receipt", "r", "event", "sale"));

      StompFrame message = client.expect("MESSAGE", "subscription:s", "event:sale");
      assertThat(message.header("receipt")).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"drumline-event", "user-name", "simpSessionId"})
  void refusesTheServersOwnHeadersByName(String name) {
    assertThatExceptionOfType(MessageDeliveryException.class)
        .isThrownBy(() -> template.convertAndSend("/topic/headers", "x", Map.of(name, "x")))
        .withMessageContaining("'" + name + "'");
  }

  @Test
  void messagesOfOneThreadComeInTheirOrder() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/many");

      for (int i = 0; i < 300; i++) {
        template.convertAndSend("/topic/many", Integer.toString(i));
      }

      for (int i = 0; i < 300; i++) {
        client.expectMessage(Integer.toString(i));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/queue/x, are not available",
    "/elsewhere/x, Unknown destination",
    "/topic/, is incomplete",
  })
  void tellsTheCallerWhyADestinationIsRefused(String destination, String sentence) {
    assertThatExceptionOfType(MessageDeliveryException.class)
        .isThrownBy(() -> template.convertAndSend(destination, "x"))
        .withMessageContaining(sentence)
        .withMessageContaining(destination);
  }

  @Test
  void saysThatTheBrokerIsAvailable() {
    assertThat(node.bean(Availability.class).events).containsExactly(true);
  }

  @Test
  void saysThatTheBrokerEnds() {
    Availability availability;
    try (SpringNode other = SpringNode.start(Application.class)) {
      availability = other.bean(Availability.class);
    }

    assertThat(availability.events).containsExactly(true, false);
  }

  @Test
  void aMessageFromAListenerOfTheBrokersBeginningIsAccepted() {
    assertThat(node.bean(Availability.class).failures).isEmpty();
  }

  /** What the application is made of. */
  static class Application {
    @Bean
    Availability availability(SimpMessagingTemplate template) {
      return new Availability(template);
    }
  }

  static class Availability {
    final List<Boolean> events = new CopyOnWriteArrayList<>();
    final List<RuntimeException> failures = new CopyOnWriteArrayList<>();
    private final SimpMessagingTemplate template;

    Availability(SimpMessagingTemplate template) {
      this.template = template;
    }

    @EventListener
    void changed(BrokerAvailabilityEvent event) {
      events.add(event.isBrokerAvailable());
      if (event.isBrokerAvailable()) {
        try {
          template.convertAndSend("/topic/started", "started".getBytes(UTF_8));
        } catch (RuntimeException failure) {
          failures.add(failure);
        }
      }
    }
  }
}

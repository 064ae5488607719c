package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;

/** In which order application code runs, and what does not wait for it. */
class OrderIT {
  private static SpringNode node;
  private static Gate gate;

  @BeforeAll
  static void start() {
    node = SpringNode.start(Application.class);
    gate = node.bean(Gate.class);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void callsOfOneSessionComeInTheOrderOfItsFrames() {
    int count = 500;
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/ordered");
      StringBuilder frames = new StringBuilder();
      IntStream.range(0, count)
          .forEach(i -> frames.append("SEND\ndestination:/app/ordered\n\n").append(i).append('\0'));

      client.send(frames.toString());

      List<String> bodies = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        bodies.add(client.expect("MESSAGE").bodyText());
      }
      assertThat(bodies).isEqualTo(IntStream.range(0, count).mapToObj(Integer::toString).toList());
    }
  }

  @Test
  void aBlockedCallDoesNotStopDeliveriesToItsOwnSession() throws Exception {
    try (StompClient client = node.client();
        StompClient other = node.client()) {
      client.subscribe("s", "/topic/news");
      client.publish("/app/block", "");
      gate.awaitEntered(1);
      try {
        client.publish("/topic/news", "mine");
        client.expectMessage("mine");
        other.publishConfirmed("/topic/news", "another's");
        client.expectMessage("another's");
      } finally {
        gate.open(1);
      }
    }
  }

  @Test
  void aBlockedCallDoesNotStopOtherSessions() throws Exception {
    try (StompClient client = node.client();
        StompClient other = node.client()) {
      other.subscribe("s", "/topic/ordered");
      client.publish("/app/block", "");
      gate.awaitEntered(1);
      try {
        other.publish("/app/ordered", "1");
        other.expectMessage("1");
      } finally {
        gate.open(1);
      }
    }
  }

  @Test
  void theNextCallOfTheSessionWaitsForTheBlockedOne() throws Exception {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/ordered");
      client.publish("/app/block", "");
      client.publish("/app/ordered", "waits");
      gate.awaitEntered(1);
      try {
        client.expectNothing(Duration.ofMillis(300));
      } finally {
        gate.open(1);
      }
      client.expectMessage("waits");
    }
  }

  @Test
  void theReceiptComesAfterTheCall() throws Exception {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/news");
      client.publish("/app/block", "", "receipt:called");
      client.publish("/topic/news", "sent behind it", "receipt:behind");
      gate.awaitEntered(1);
      try {
        client.expectMessage("sent behind it");
        client.expectNothing(Duration.ofMillis(300));
      } finally {
        gate.open(1);
      }
      client.expect("RECEIPT", "receipt-id:called");
      client.expect("RECEIPT", "receipt-id:behind");
    }
  }

  @Test
  void aClientThatFloodsABlockedCallIsServedInTheEnd() throws Exception {
    int count = 1000; // well past drumline.stomp.max-in-flight
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/ordered");
      client.publish("/app/block", "");
      gate.awaitEntered(1);
      try {
        for (int i = 0; i < count; i++) {
          client.publish("/app/ordered", Integer.toString(i));
        }
      } finally {
        gate.open(1);
      }
      for (int i = 0; i < count; i++) {
        client.expectMessage(Integer.toString(i));
      }
    }
  }

  /** What the application is made of. */
  static class Application {
    @Bean
    Gate gate() {
      return new Gate();
    }

    @Bean
    Calls calls(Gate gate) {
      return new Calls(gate);
    }
  }

  @TestController
  static class Calls {
    private final Gate gate;

    Calls(Gate gate) {
      this.gate = gate;
    }

    @MessageMapping("/ordered")
    @SendTo("/topic/ordered")
    String ordered(String body) {
      return body;
    }

    @MessageMapping("/block")
    void block() throws InterruptedException {
      gate.pass();
    }
  }
}

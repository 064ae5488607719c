package io.drumline.stomp.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.stereotype.Controller;

/** What all clients together have sent to application code, and is not done, has a bound. */
class InboundBoundIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int CLIENTS = 20;
  private static final int MESSAGES = 200;
  private static final String KIBIBYTE = "x".repeat(1024);

  @Test
  void clientsAreNotReadFromWhileApplicationCodeIsBehindAndNothingIsLost() throws Exception {
    int limit = 1 << 20;
    ExecutorService senders = Executors.newFixedThreadPool(CLIENTS);
    try (SpringNode node =
            SpringNode.start(
                List.of(
                    "drumline.stomp.inbound-limit=" + limit + "B",
                    "drumline.stomp.max-in-flight=65536"),
                Application.class);
        Clients all = new Clients(node)) {
      List<StompClient> clients = all.clients();
      Work work = node.bean(Work.class);
      List<Future<?>> sent = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        String sender = "c" + i;
        StompClient client = clients.get(i);
        sent.add(
            senders.submit(
                () -> {
                  for (int n = 0; n < MESSAGES; n++) {
                    client.publish("/app/work", sender + " " + n + " " + KIBIBYTE);
                  }
                }));
      }
      work.gate.awaitEntered(1);
      await().atMost(PATIENCE).until(() -> gauge(node, "drumline.inbound.paused") > 0);
      for (Future<?> each : sent) {
        each.get(60, TimeUnit.SECONDS); // all is in the kernel's buffers, or further
      }
      assertThat(gauge(node, "drumline.inbound.bytes")).isBetween(1.0 * limit, 2.0 * limit);
      assertThat(work.done).isEmpty();

      work.gate.open(CLIENTS * MESSAGES);

      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(work.done).hasSize(CLIENTS);
                assertThat(work.done.values()).allMatch(done -> done.size() == MESSAGES);
              });
      work.done.forEach(
          (sender, numbers) ->
              assertThat(numbers)
                  .containsExactlyElementsOf(IntStream.range(0, MESSAGES).boxed().toList()));
      await().atMost(PATIENCE).until(() -> gauge(node, "drumline.inbound.bytes") == 0);
      assertThat(gauge(node, "drumline.inbound.paused")).isZero();
      assertThat(count(node, "drumline.inbound.pauses")).isPositive();
      assertThat(count(node, "drumline.inbound.refused")).isZero();
      clients.get(0).publishConfirmed("/topic/other", "still served");
    } finally {
      senders.shutdownNow();
    }
  }

  @Test
  void whatComesAtOnceBeyondTwiceTheLimitIsRefusedAndWhatWasTakenIsDone() throws Exception {
    try (SpringNode node =
            SpringNode.start(
                List.of("drumline.stomp.inbound-limit=16KB", "drumline.stomp.max-body-size=16KB"),
                Application.class);
        StompClient client = node.client()) {
      Work work = node.bean(Work.class);
      StringBuilder burst = new StringBuilder();
      for (int n = 0; n < 100; n++) {
        burst.append("SEND\ndestination:/app/work\n\nc ").append(n).append(' ').append(KIBIBYTE);
        burst.append('\0');
      }
      client.send(burst.toString().getBytes(UTF_8));

      client.expectErrorAndClose("message:The server is too busy; try again later.");

      assertThat(count(node, "drumline.inbound.refused")).isEqualTo(1);
      work.gate.open(100);
      await()
          .atMost(PATIENCE)
          .until(() -> gauge(node, "drumline.inbound.bytes") == 0 && !work.done.isEmpty());
      List<Integer> done = work.done.get("c");
      assertThat(done)
          .hasSizeBetween(16, 32)
          .containsExactlyElementsOf(IntStream.range(0, done.size()).boxed().toList());
    }
  }

  private static double gauge(SpringNode node, String name) {
    return node.bean(MeterRegistry.class).get(name).gauge().value();
  }

  private static double count(SpringNode node, String name) {
    return node.bean(MeterRegistry.class).get(name).counter().count();
  }

  private record Clients(List<StompClient> clients) implements AutoCloseable {
    Clients(SpringNode node) {
      this(IntStream.range(0, CLIENTS).mapToObj(i -> node.client()).toList());
    }

    @Override
    public void close() {
      clients.forEach(StompClient::close);
    }
  }

  static class Application {
    @Bean
    Work work() {
      return new Work();
    }
  }

  @Controller
  static class Work {
    final Gate gate = new Gate();
    final Map<String, List<Integer>> done = new ConcurrentHashMap<>();

    @MessageMapping("/work")
    void work(@Payload String body) throws InterruptedException {
      gate.pass();
      String[] words = body.split(" ", 3);
      done.computeIfAbsent(words[0], sender -> new CopyOnWriteArrayList<>())
          .add(Integer.parseInt(words[1]));
    }
  }
}

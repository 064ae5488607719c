package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.TestRedis;
import io.drumline.tracing.Spans;
import io.micrometer.tracing.Tracer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.stereotype.Controller;

/** A message's way through two nodes is one trace, if it is sampled. */
class TracingIT {
  private static final String CLIENTS_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String CLIENTS_PARENT = "00-" + CLIENTS_TRACE + "-00f067aa0ba902b7-01";

  private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");

  private final String name = UUID.randomUUID().toString();
  private final String topic = "/topic/" + name;

  /** Application code, and an exporter that keeps what it gets. */
  static class Traced {
    @Bean
    InMemorySpanExporter exporter() {
      return InMemorySpanExporter.create();
    }

    @Bean
    Echo echo(Tracer tracer) {
      return new Echo(tracer);
    }
  }

  @Controller
  static class Echo {
    private final Tracer tracer;

    Echo(Tracer tracer) {
      this.tracer = tracer;
    }

    @MessageMapping("/echo/{name}")
    @SendTo("/topic/{name}")
    String echo() {
      return tracer.currentSpan().context().traceId();
    }
  }

  @Test
  void aSendIsOneTraceFromItsNodeToTheOthers() {
    try (Node a = traced("1.0");
        Node b = traced("1.0");
        StompClient publisher = a.client();
        StompClient one = b.client();
        StompClient two = b.client()) {
      one.subscribe("s", topic);
      two.subscribe("s", topic);
      publisher.send("SEND\ndestination:" + topic + "\ntraceparent:" + CLIENTS_PARENT + "\n\nx\0");
      StompFrame message = one.expectMessage("x");
      two.expectMessage("x");

      List<SpanData> sent = await(a, 2);
      SpanData send = named(sent, "send /topic/**");
      SpanData publish = named(sent, "publish /topic/**");
      SpanData deliver = named(await(b, 1), "deliver /topic/**"); // one for two subscribers
      assertThat(send.getKind()).isEqualTo(SpanKind.SERVER);
      assertThat(send.getParentSpanContext().isValid()).isFalse();
      assertThat(send.getTraceId()).isNotEqualTo(CLIENTS_TRACE);
      assertThat(publish.getKind()).isEqualTo(SpanKind.PRODUCER);
      assertThat(publish.getParentSpanId()).isEqualTo(send.getSpanId());
      assertThat(deliver.getKind()).isEqualTo(SpanKind.CONSUMER);
      assertThat(deliver.getParentSpanId()).isEqualTo(publish.getSpanId());
      assertThat(Stream.of(send, publish, deliver).map(SpanData::getTraceId).distinct()).hasSize(1);
      assertThat(message.header("traceparent"))
          .isEqualTo(
              "00-"
                  + publish.getTraceId()
                  + "-"
                  + publish.getSpanId()
                  + "-03"); // sampled, and a random trace id
    }
  }

  @Test
  void aClientsTraceGoesOnWhereThatIsAllowed() {
    try (Node a = traced("0.0", "drumline.tracing.accept-clients=true");
        StompClient client = a.client()) {
      client.subscribe("s", topic);
      client.send("SEND\ndestination:" + topic + "\ntraceparent:" + CLIENTS_PARENT + "\n\nx\0");
      client.expectMessage("x");
      assertThat(await(a, 3)).extracting(SpanData::getTraceId).containsOnly(CLIENTS_TRACE);
    }
  }

  @Test
  void applicationCodeRunsInTheTraceAndItsMessagesCarryIt() {
    try (Node a = traced("1.0");
        Node b = traced("1.0");
        StompClient sender = a.client();
        StompClient subscriber = b.client()) {
      subscriber.subscribe("s", topic);
      sender.send("SEND\ndestination:/app/echo/" + name + "\n\nx\0");
      String trace = subscriber.expect("MESSAGE").bodyText();
      SpanData send = named(await(a, 2), "send /app/**");
      assertThat(trace).isEqualTo(send.getTraceId());
      assertThat(named(await(b, 1), "deliver /topic/**").getTraceId()).isEqualTo(trace);
    }
  }

  @Test
  void theHttpApiGoesOnWithItsCallersTrace() {
    try (Node a =
            traced(
                "0.0",
                "drumline.api.keys[0].name=test",
                "drumline.api.keys[0].hash=sha256:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683",
                "drumline.api.keys[0].scopes=publish");
        StompClient client = a.client()) {
      client.subscribe("s", topic);
      assertThat(a.publish("{\"destination\":\"" + topic + "\",\"body\":\"x\"}", CLIENTS_PARENT))
          .isEqualTo(200);
      client.expectMessage("x");
      assertThat(await(a, 2)).extracting(SpanData::getTraceId).containsOnly(CLIENTS_TRACE);
    }
  }

  @Test
  void whatIsNotSampledLeavesNoSpansAndNoHeader() {
    try (Node a = traced("0.0");
        StompClient client = a.client()) {
      client.subscribe("s", topic);
      client.send("SEND\ndestination:" + topic + "\ntraceparent:" + CLIENTS_PARENT + "\n\nx\0");
      assertThat(client.expectMessage("x").header("traceparent")).isNull();
      a.bean(SdkTracerProvider.class).forceFlush().join(10, TimeUnit.SECONDS);
      assertThat(a.bean(InMemorySpanExporter.class).getFinishedSpanItems()).isEmpty();
    }
  }

  @Test
  void withoutTheSwitchThereIsNothingOfItAndHeadersPassUnchanged() {
    try (Node a = Node.on(TestRedis.url());
        StompClient client = a.client()) {
      assertThat(a.beans(Spans.class)).isEmpty();
      assertThat(a.beans(Tracer.class)).isEmpty();
      assertThat(a.beans(OpenTelemetry.class)).isEmpty();
      client.subscribe("s", topic);
      client.send("SEND\ndestination:" + topic + "\ntraceparent:" + CLIENTS_PARENT + "\n\nx\0");
      assertThat(client.expectMessage("x").header("traceparent")).isEqualTo(CLIENTS_PARENT);
    }
  }

  private static Node traced(String probability, String... more) {
    return Node.with(
        Traced.class,
        TestRedis.url(),
        Stream.concat(
                Stream.of(more),
                Stream.of(
                    "drumline.tracing.enabled=true",
                    "management.tracing.sampling.probability=" + probability,
                    "management.opentelemetry.tracing.export.schedule-delay=20ms"))
            .toArray(String[]::new));
  }

  /** The messages' spans of a node, once there are so many. */
  private static List<SpanData> await(Node node, int count) {
    InMemorySpanExporter exporter = node.bean(InMemorySpanExporter.class);
    Node.patiently().untilAsserted(() -> assertThat(messages(exporter)).hasSize(count));
    return messages(exporter);
  }

  private static List<SpanData> messages(InMemorySpanExporter exporter) {
    return exporter.getFinishedSpanItems().stream()
        .filter(span -> "drumline".equals(span.getAttributes().get(SYSTEM)))
        .sorted(Comparator.comparingLong(SpanData::getStartEpochNanos))
        .toList();
  }

  private static SpanData named(List<SpanData> spans, String name) {
    return spans.stream().filter(span -> span.getName().equals(name)).findFirst().orElseThrow();
  }
}

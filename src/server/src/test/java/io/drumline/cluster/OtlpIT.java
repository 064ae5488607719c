package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.cluster.Collector.Sent;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.TestRedis;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What leaves the nodes for an OpenTelemetry collector, byte by byte. */
@ExtendWith(OutputCaptureExtension.class)
class OtlpIT {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String CLIENTS_SPAN = "00f067aa0ba902b7";

  private static final String SEND = "send /topic/**";
  private static final String PUBLISH = "publish /topic/**";
  private static final String DELIVER = "deliver /topic/**";

  private final Collector collector = new Collector();
  private final String topic = "/topic/" + UUID.randomUUID();

  @AfterEach
  void close() {
    collector.close();
  }

  @Test
  void onePublishIsOneTraceOfBothNodes() {
    try (Node a = node("a");
        Node b = node("b");
        StompClient publisher = a.client();
        StompClient subscriber = b.client()) {
      subscriber.subscribe("s", topic);
      publisher.publish(topic, "x");
      StompFrame message = subscriber.expectMessage("x");

      Map<String, Sent> spans = collector.await(3);
      assertThat(spans).containsOnlyKeys(SEND, PUBLISH, DELIVER);
      Sent send = spans.get(SEND);
      Sent publish = spans.get(PUBLISH);
      Sent deliver = spans.get(DELIVER);

      assertThat(send.parent()).isEmpty();
      assertThat(publish.parent()).isEqualTo(send.id());
      assertThat(deliver.parent()).isEqualTo(publish.id());
      assertThat(spans.values()).extracting(Sent::trace).containsOnly(send.trace());
      assertThat(message.header("traceparent"))
          .startsWith("00-" + publish.trace() + "-" + publish.id() + "-");

      assertThat(send.span().getKind()).isEqualTo(SpanKind.SPAN_KIND_SERVER);
      assertThat(publish.span().getKind()).isEqualTo(SpanKind.SPAN_KIND_PRODUCER);
      assertThat(deliver.span().getKind()).isEqualTo(SpanKind.SPAN_KIND_CONSUMER);
      assertThat(spans.values())
          .allSatisfy(
              sent -> {
                assertThat(sent.span().getEndTimeUnixNano())
                    .isGreaterThanOrEqualTo(sent.span().getStartTimeUnixNano());
                assertThat(sent.span().getStatus().getCode())
                    .isNotEqualTo(StatusCode.STATUS_CODE_ERROR);
              });

      assertThat(send.attributes()).containsExactlyInAnyOrderEntriesOf(attributes("send"));
      String id = message.header("message-id");
      assertThat(publish.attributes())
          .containsExactlyInAnyOrderEntriesOf(attributes("publish", "send", id));
      assertThat(deliver.attributes())
          .containsExactlyInAnyOrderEntriesOf(attributes("deliver", "process", id));

      assertThat(publish.resource())
          .containsEntry("service.name", "drumline")
          .containsEntry("service.instance.id", "a");
      assertThat(deliver.resource())
          .containsEntry("service.name", "drumline")
          .containsEntry("service.instance.id", "b");
      assertThat(collector.contentTypes()).containsOnly("application/x-protobuf");
    }
  }

  @Test
  void aClientsTraceIsTakenOverWhereThatIsAllowedAndKeptInHistory() {
    try (Node a = node("a", "drumline.tracing.accept-clients=true");
        StompClient client = a.client()) {
      client.publishConfirmed(topic, "x", "traceparent:" + parent("01"));
      client.command("SUBSCRIBE", "id:s", "destination:" + topic, "replay:1");
      StompFrame message = client.expectMessage("x");
      Map<String, Sent> spans = collector.await(2);
      assertThat(spans).containsOnlyKeys(SEND, PUBLISH);
      assertThat(spans.get(SEND).trace()).isEqualTo(TRACE);
      assertThat(spans.get(SEND).parent()).isEqualTo(CLIENTS_SPAN);
      assertThat(message.header("traceparent"))
          .startsWith("00-" + TRACE + "-" + spans.get(PUBLISH).id() + "-");
    }
  }

  @Test
  void whatAClientDidNotSampleStaysSo() {
    try (Node a = node("a", "drumline.tracing.accept-clients=true");
        Node b = node("b");
        StompClient publisher = a.client();
        StompClient subscriber = b.client()) {
      subscriber.subscribe("s", topic);
      publisher.publish(topic, "not", "traceparent:" + parent("00"));
      assertThat(subscriber.expectMessage("not").header("traceparent")).isNull();
      publisher.publish(topic, "sampled");
      subscriber.expectMessage("sampled");
      // Spans leave each node in order: had the first any, they would be here.
      assertThat(collector.await(3).values())
          .hasSize(3)
          .extracting(Sent::trace)
          .doesNotContain(TRACE);
    }
  }

  @Test
  void aFailedPublishSaysWhy() {
    try (Node a = node("a", "drumline.redis.min-replicas=1");
        StompClient client = a.client()) {
      client.publish(topic, "x");
      client.expect("ERROR");
      Map<String, Sent> spans = collector.await(2);
      assertThat(spans.get(PUBLISH).span().getStatus().getCode())
          .isEqualTo(StatusCode.STATUS_CODE_ERROR);
      assertThat(spans.get(PUBLISH).attributes())
          .containsEntry("error.type", "io.drumline.backplane.BackplaneException");
      assertThat(spans.get(SEND).span().getStatus().getCode())
          .isEqualTo(StatusCode.STATUS_CODE_ERROR);
    }
  }

  /** Messages come through while, batch by batch, their spans are lost. */
  private void loseBatches(Node node, StompClient client, int batches) {
    for (int batch = 1; batch <= batches; batch++) {
      double lost = node.metric("drumline_tracing_spans_total{outcome=\"lost\"}");
      client.publish(topic, "lost " + batch);
      client.expectMessage("lost " + batch);
      Node.patiently()
          .until(() -> node.metric("drumline_tracing_spans_total{outcome=\"lost\"}") > lost);
    }
  }

  @Test
  void aCollectorThatFailsCostsNoMessageAndOneLine(CapturedOutput output) {
    collector.answer(400); // which is not tried again
    try (Node a = node("a");
        StompClient client = a.client()) {
      client.subscribe("s", topic);
      loseBatches(a, client, 5);
      assertThat(output.getAll().lines().filter(line -> line.contains("export")))
          .singleElement()
          .asString()
          .contains("WARN", "Spans cannot be exported now (the collector refused them)");
      assertThat(output).doesNotContain("io.opentelemetry", "HttpExporter");

      collector.answer(200);
      Node.patiently()
          .untilAsserted(
              () -> {
                client.publish(topic, "again");
                client.expectMessage("again");
                assertThat(collector.ofMessages()).isNotEmpty();
              });
      Node.patiently().until(() -> output.getAll().contains("Spans are exported again"));
      assertThat(a.metric("drumline_tracing_spans_total{outcome=\"exported\"}")).isPositive();
    }
  }

  @Test
  void aCollectorThatIsNotThereCostsNoMessageAndOneLine(CapturedOutput output) {
    collector.close();
    try (Node a = node("a", "management.opentelemetry.tracing.export.otlp.timeout=200ms");
        StompClient client = a.client()) {
      client.subscribe("s", topic);
      loseBatches(a, client, 3);
    }
    assertThat(output.getAll().lines().filter(line -> line.contains("export")))
        .singleElement()
        .asString()
        .contains("WARN", "Spans cannot be exported now (java.net.ConnectException)");
    assertThat(output).doesNotContain("io.opentelemetry");
  }

  @Test
  void theLastSpansLeaveWithTheNode() {
    try (Node a = exporting("1h", "a");
        StompClient client = a.client()) {
      client.subscribe("s", topic);
      client.publish(topic, "x");
      client.expectMessage("x");
      assertThat(collector.ofMessages()).isEmpty();
    }
    assertThat(collector.await(3)).containsOnlyKeys(SEND, PUBLISH, DELIVER);
  }

  @Test
  void tracingThatLeadsNowhereIsSaidAtTheStart(CapturedOutput output) {
    try (Node a = Node.alone("drumline.tracing.enabled=true", "drumline.security.anonymous=true")) {
      assertThat(a.healthz()).isEqualTo(200);
      assertThat(output)
          .contains("spans go nowhere: set management.opentelemetry.tracing.export.otlp.endpoint");
    }
  }

  private Node node(String id, String... more) {
    return exporting("20ms", id, more);
  }

  /** As operations.md has it; spans wait for others for this time. */
  private Node exporting(String delay, String id, String... more) {
    return Node.on(
        TestRedis.url(),
        Stream.concat(
                Stream.of(
                    "drumline.node-id=" + id,
                    "drumline.tracing.enabled=true",
                    "management.opentelemetry.tracing.export.otlp.endpoint=" + collector.endpoint(),
                    "management.tracing.sampling.probability=1.0",
                    "management.opentelemetry.tracing.export.schedule-delay=" + delay),
                Stream.of(more))
            .toArray(String[]::new));
  }

  private static String parent(String flags) {
    return "00-" + TRACE + "-" + CLIENTS_SPAN + "-" + flags;
  }

  private Map<String, String> attributes(String operation) {
    return Map.of(
        "messaging.system",
        "drumline",
        "messaging.operation.name",
        operation,
        "messaging.destination.name",
        topic,
        "messaging.destination.template",
        "/topic/**");
  }

  private Map<String, String> attributes(String operation, String type, String id) {
    Map<String, String> all = new HashMap<>(attributes(operation));
    all.put("messaging.operation.type", type);
    all.put("messaging.message.id", id);
    return all;
  }
}

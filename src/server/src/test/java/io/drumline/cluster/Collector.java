package io.drumline.cluster;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/** Takes what nodes send by OTLP over HTTP, as an OpenTelemetry collector does. */
final class Collector implements AutoCloseable {
  /** A span with the attributes of the node that sent it. */
  record Sent(Span span, Map<String, String> attributes, Map<String, String> resource) {
    String trace() {
      return HexFormat.of().formatHex(span.getTraceId().toByteArray());
    }

    String id() {
      return HexFormat.of().formatHex(span.getSpanId().toByteArray());
    }

    String parent() {
      return HexFormat.of().formatHex(span.getParentSpanId().toByteArray());
    }
  }

  private final HttpServer server;
  private final List<Sent> spans = new CopyOnWriteArrayList<>();
  private final List<String> contentTypes = new CopyOnWriteArrayList<>();
  private volatile int answer = 200;

  Collector() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/v1/traces", this::take);
    server.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1/traces";
  }

  /** What came so far with an attribute {@code messaging.system}: of messages. */
  List<Sent> ofMessages() {
    return spans.stream().filter(sent -> sent.attributes.containsKey("messaging.system")).toList();
  }

  /** The spans of messages by their names, once there are so many. */
  Map<String, Sent> await(int count) {
    Node.patiently().until(() -> ofMessages().size() >= count);
    return ofMessages().stream().collect(Collectors.toMap(sent -> sent.span.getName(), s -> s));
  }

  List<String> contentTypes() {
    return contentTypes;
  }

  /** Answers with this status from now on, and keeps nothing unless it is 200. */
  void answer(int status) {
    answer = status;
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      int status = answer;
      boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
      InputStream body = exchange.getRequestBody();
      byte[] bytes = (zipped ? new GZIPInputStream(body) : body).readAllBytes();
      if (status == 200) {
        contentTypes.add(exchange.getRequestHeaders().getFirst("Content-Type"));
        keep(ExportTraceServiceRequest.parseFrom(bytes));
      }
      byte[] done = ExportTraceServiceResponse.getDefaultInstance().toByteArray();
      exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
      exchange.sendResponseHeaders(status, done.length == 0 ? -1 : done.length);
      exchange.getResponseBody().write(done);
    }
  }

  private void keep(ExportTraceServiceRequest request) {
    request
        .getResourceSpansList()
        .forEach(
            of ->
                of.getScopeSpansList().stream()
                    .flatMap(scope -> scope.getSpansList().stream())
                    .map(
                        span ->
                            new Sent(
                                span,
                                strings(span.getAttributesList()),
                                strings(of.getResource().getAttributesList())))
                    .forEach(spans::add));
  }

  private static Map<String, String> strings(List<KeyValue> attributes) {
    return attributes.stream()
        .collect(Collectors.toMap(KeyValue::getKey, value -> value.getValue().getStringValue()));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}

package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.DrumlineApplication;
import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.core.ConditionFactory;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** A whole node in this JVM, as its operators start it. */
final class Node implements AutoCloseable {
  /** How long anything may take that has no reason to take long. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** For nodes that know its hash. */
  private static final String API_KEY = "key";

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final ConfigurableApplicationContext context;

  private Node(List<String> properties, Class<?>... more) {
    properties.add("drumline.listener.port=0");
    properties.add("server.port=0");
    context =
        new SpringApplicationBuilder(DrumlineApplication.class)
            .sources(more)
            .run(properties.stream().map(property -> "--" + property).toArray(String[]::new));
  }

  /** Looks at once, and then often, for {@link #PATIENCE}. */
  static ConditionFactory patiently() {
    return await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5));
  }

  /** A node by itself, with properties such as {@code drumline.hub.threads=2}. */
  static Node alone(String... properties) {
    return new Node(new ArrayList<>(List.of(properties))).awaitReady();
  }

  /** A node by itself with application code. */
  static Node alone(Class<?> code, String... properties) {
    return new Node(new ArrayList<>(List.of(properties)), code).awaitReady();
  }

  /** A node of the cluster around this Redis, once it takes clients. */
  static Node on(String redis, String... properties) {
    return starting(redis, properties).awaitReady();
  }

  /** A node of a cluster that only these properties tell of, once it takes clients. */
  static Node configured(String... properties) {
    return new Node(new ArrayList<>(List.of(properties))).awaitReady();
  }

  /** A node of the cluster with application code. */
  static Node with(Class<?> code, String redis, String... properties) {
    return new Node(clustered(redis, properties), code).awaitReady();
  }

  /** A node of the cluster around this Redis, which may not be there. */
  static Node starting(String redis, String... properties) {
    return new Node(clustered(redis, properties));
  }

  private static List<String> clustered(String redis, String... properties) {
    List<String> all = new ArrayList<>(List.of(properties));
    all.add("drumline.backplane=redis");
    all.add("drumline.security.anonymous=true");
    all.add("spring.data.redis.url=" + redis);
    return all;
  }

  int port() {
    return Integer.parseInt(property("local.drumline.listener.port"));
  }

  URI webSocket() {
    return URI.create("ws://127.0.0.1:" + port() + "/ws");
  }

  int controlPort() {
    return Integer.parseInt(property("local.server.port"));
  }

  /** A STOMP 1.2 client that has connected, with further headers such as {@code client-id:a}. */
  StompClient client(String... headers) {
    return StompClient.open(port(), StompClient.Carriage.TEXT, "v12.stomp").connect("1.2", headers);
  }

  /** The application's bean of this type. */
  <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  /** The names of the application's beans of this type. */
  String[] beans(Class<?> type) {
    return context.getBeanNamesForType(type);
  }

  /** The status that a load balancer's check sees. */
  int healthz() {
    return get(port(), "/healthz").statusCode();
  }

  /** The status of a request for an upgrade that is refused. */
  int refusal() {
    try {
      return RawWebSocket.to(port()).protocols("v12.stomp").refused().status();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Asks the control plane. */
  HttpResponse<String> control(String path) {
    return get(Integer.parseInt(property("local.server.port")), path);
  }

  /** Asks the control plane by this method, with headers, given as name and value in turn. */
  HttpResponse<String> control(String method, String path, String... headers) {
    URI uri = URI.create("http://127.0.0.1:" + property("local.server.port") + path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody());
    return exchange((headers.length == 0 ? request : request.headers(headers)).build());
  }

  /** Asks the control plane with a JSON body, or none, and with a token, or none. */
  HttpResponse<String> json(String method, String path, String json, String token) {
    URI uri = URI.create("http://127.0.0.1:" + property("local.server.port") + path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    return exchange(request.build());
  }

  /** Publishes by the HTTP API; the status it answers. */
  int publish(String json) {
    return publish(json, "");
  }

  /** The same, as part of this trace. */
  int publish(String json, String traceparent) {
    URI api = URI.create("http://127.0.0.1:" + property("local.server.port") + "/api/v1/publish");
    return exchange(
            HttpRequest.newBuilder(api)
                .headers(
                    "Content-Type",
                    "application/json",
                    "X-API-Key",
                    API_KEY,
                    "traceparent",
                    traceparent)
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build())
        .statusCode();
  }

  int liveness() {
    return control("/actuator/health/liveness").statusCode();
  }

  int readiness() {
    return control("/actuator/health/readiness").statusCode();
  }

  /** What Prometheus scrapes. */
  String scrape() {
    return control("/actuator/prometheus").body();
  }

  /** One series of the scrape, such as {@code drumline_closes_total{reason="silent"}}. */
  double metric(String series) {
    return scrape()
        .lines()
        .filter(line -> line.startsWith(series + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No such series: " + series));
  }

  void awaitMetric(String series, double value) {
    patiently().untilAsserted(() -> assertThat(metric(series)).isEqualTo(value));
  }

  Node awaitReady() {
    patiently().until(() -> healthz() == 200);
    return this;
  }

  /** Leaves in order, as on SIGTERM. */
  @Override
  public void close() {
    context.close();
  }

  private String property(String name) {
    return context.getEnvironment().getRequiredProperty(name);
  }

  private static HttpResponse<String> get(int port, String path) {
    return exchange(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build());
  }

  private static HttpResponse<String> exchange(HttpRequest request) {
    try {
      return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}

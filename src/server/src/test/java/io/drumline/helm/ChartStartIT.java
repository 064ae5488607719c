package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.DrumlineApplication;
import io.drumline.testing.StompClient;
import io.drumline.testing.redis.TestRedis;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretKeySelector;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/** A node that starts from exactly what the chart gives it: its file and its variables. */
class ChartStartIT {
  private static final String KEY = "a-long-random-key";
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir Path mounted;

  @Test
  void servesThoseWhomTheChartLetsInAndNobodyElse() throws Exception {
    String hash =
        HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(StandardCharsets.UTF_8)));
    Rendered rendered =
        Chart.render(
            """
            redis: { mode: url, urlRef: { name: redis, key: url } }
            security:
              users: [{ login: ann, roles: [editor, reader], password: "%s" }]
              rules:
                - { pattern: /topic/chart, subscribe: [ "role:reader" ], send: [ "role:editor" ] }
            api:
              openMetrics: false
              keys:
                - { name: shop, scopes: [publish], hash: "sha256:%s" }
                - { name: ops, scopes: [read], hashRef: { name: keys, key: ops } }
            drain: { graceSeconds: 0, windowSeconds: 0 }
            """
                .formatted(new BCryptPasswordEncoder(4).encode("wonder"), hash));
    Map<String, String> secrets =
        Map.of("redis/url", TestRedis.url(), "keys/ops", "sha256:" + "0".repeat(64));

    try (ConfigurableApplicationContext node = start(rendered, secrets)) {
      int control = port(node, "local.server.port");
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> get(control, "/actuator/health/readiness") == 200);
      assertThat(get(control, "/actuator/health/liveness")).isEqualTo(200);
      assertThat(get(control, "/actuator/prometheus")).isEqualTo(401);
      assertThat(publish(control, "wrong")).isEqualTo(401);

      try (StompClient ann = open(node)) {
        ann.connect("1.2", "login:ann", "passcode:wonder");
        ann.subscribe("1", "/topic/chart");
        ann.publish("/topic/chart", "from ann");
        ann.expectMessage("from ann");
        assertThat(publish(control, KEY)).isEqualTo(200);
        ann.expectMessage("from the shop");
      }
      try (StompClient nobody = open(node)) {
        nobody.command("CONNECT", "accept-version:1.2", "host:x");
        nobody.expectErrorAndClose();
      }
    }
  }

  @Test
  void startsOnTheRedisOfAUrl() throws Exception {
    Rendered rendered =
        Chart.render(
            "redis: { mode: url, url: \"" + TestRedis.url() + "\" }",
            "security: { anonymous: true }",
            "api: { closed: true }",
            "config: { drumline: { destinations: [{ pattern: /topic/x, history: { age: 1h } }] } }",
            "drain: { graceSeconds: 0, windowSeconds: 0 }");
    try (ConfigurableApplicationContext node = start(rendered, Map.of())) {
      int control = port(node, "local.server.port");
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> get(control, "/actuator/health/readiness") == 200);
      Map<String, Object> values =
          Chart.yaml().load(Chart.read(Chart.DIRECTORY.resolve("values.yaml")));
      Object scaledBy =
          ((Map<?, ?>) Objects.requireNonNull(values.get("autoscaling"))).get("connectionsMetric");
      assertThat(
              HTTP.send(
                      request(control, "/actuator/prometheus"),
                      HttpResponse.BodyHandlers.ofString())
                  .body())
          .containsPattern("(?m)^" + scaledBy + " 0");
      assertThat(publish(control, KEY)).isEqualTo(401);
    }
  }

  /** Secrets that are not the chart's are named {@code secret/key}. */
  private ConfigurableApplicationContext start(Rendered rendered, Map<String, String> secrets)
      throws IOException {
    Map<String, Object> variables = new HashMap<>();
    for (EnvVar variable : rendered.node().getEnv()) {
      variables.put(
          variable.getName(),
          variable.getValueFrom() == null
              ? variable.getValue().replace("/etc/drumline/config/", mounted + "/")
              : value(rendered, variable.getValueFrom().getSecretKeyRef(), secrets));
    }
    Files.writeString(mounted.resolve("application.yaml"), Chart.yaml().dump(rendered.settings()));
    StandardEnvironment environment = new StandardEnvironment();
    String source = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
    environment
        .getPropertySources()
        .replace(source, new SystemEnvironmentPropertySource(source, variables));
    return new SpringApplicationBuilder(DrumlineApplication.class)
        .environment(environment)
        .run("--server.port=0", "--drumline.listener.port=0");
  }

  private static String value(
      Rendered rendered, SecretKeySelector ref, Map<String, String> secrets) {
    String known = secrets.get(ref.getName() + '/' + ref.getKey());
    return known != null
        ? known
        : new String(
            Base64.getDecoder()
                .decode(
                    Objects.requireNonNull(
                        rendered.named(Secret.class, ref.getName()).getData().get(ref.getKey()))),
            StandardCharsets.UTF_8);
  }

  private static StompClient open(ConfigurableApplicationContext node) {
    return StompClient.open(
        port(node, "local.drumline.listener.port"), StompClient.Carriage.TEXT, "v12.stomp");
  }

  private static int port(ConfigurableApplicationContext node, String name) {
    return Integer.parseInt(node.getEnvironment().getRequiredProperty(name));
  }

  private static int get(int port, String path) throws Exception {
    return status(request(port, path));
  }

  private static HttpRequest request(int port, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
  }

  private static int publish(int port, String key) throws Exception {
    String message = "{\"destination\": \"/topic/chart\", \"body\": \"from the shop\"}";
    return status(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/publish"))
            .header("Content-Type", "application/json")
            .header("X-API-Key", key)
            .POST(HttpRequest.BodyPublishers.ofString(message))
            .build());
  }

  private static int status(HttpRequest request) throws Exception {
    return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }
}

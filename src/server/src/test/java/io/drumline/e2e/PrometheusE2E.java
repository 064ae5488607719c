package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.helm.Queries;
import io.drumline.testing.StompClient;
import io.drumline.testing.redis.TestRedis;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Alerts and dashboard before a real Prometheus that scrapes a real node. */
class PrometheusE2E {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** Queries that may find nothing where nothing is wrong. */
  private static final int SILENT = 3;

  private static final Set<String> BUSY = Set.of("DrumlineLoopDelay", "DrumlineRedisSlow");

  /** With it, scrapes have exemplars; the collector need not be there. */
  private static final String[] TRACED = {
    "--drumline.tracing.enabled=true",
    "--management.tracing.sampling.probability=1.0",
    "--management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:9/v1/traces"
  };

  private final int port = RunningProgram.freePort();

  @Test
  void promtoolAcceptsTheAlertsAndTheirTestsPass() throws Exception {
    promtool("check", "rules", Queries.ALERTS.toString());
    promtool("test", "rules", Queries.ALERTS_TEST.toString());
  }

  @Test
  void promtoolReadsEveryQueryOfTheDashboard() throws Exception {
    List<Map<String, String>> rules = new ArrayList<>();
    for (Queries.Query query : Queries.panels()) {
      rules.add(Map.of("record", "panel:" + rules.size(), "expr", query.asked()));
    }
    Map<String, Object> group = Map.of("name", "dashboard", "rules", rules);
    Path file = RunningProgram.directory("dashboard").resolve("rules.json"); // YAML, too
    Files.writeString(
        file, JsonMapper.shared().writeValueAsString(Map.of("groups", List.of(group))));
    promtool("check", "rules", file.toString());
  }

  @Test
  void prometheusAnswersEveryQueryAndEvaluatesEveryAlert() throws Exception {
    try (RedisProcess redis = new RedisProcess();
        NodeProcess node = NodeProcess.clustered("observed", redis, TRACED);
        RunningProgram prometheus = prometheus(node)) {
      StompClient client = client(node.ready());
      client.subscribe("s", "/topic/observed");
      await("the node is scraped")
          .atMost(Duration.ofSeconds(60))
          .until(() -> rows("drumline_connections == 1") == 1);
      await("messages are in the rates")
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(200))
          .until(
              () -> {
                client.publish("/topic/observed", "hello");
                client.expectMessage("hello");
                return rows("rate(drumline_publish_deliver_seconds_count[1m]) > 0") == 1;
              });
      List<String> silent = new ArrayList<>();
      for (Queries.Query query : Queries.panels()) {
        if (rows(query.asked()) == 0) {
          silent.add(query.panel());
        }
      }
      assertThat(silent).hasSizeLessThanOrEqualTo(SILENT);
      await("every alert was evaluated")
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(get("/api/v1/rules").at("/data/groups"))
                      .flatExtracting(group -> List.copyOf(rules(group)))
                      .hasSameSizeAs(Queries.alerts())
                      .allSatisfy(
                          rule -> assertThat(rule.get("health").asString()).isEqualTo("ok")));
      assertThat(prometheus.running()).isTrue();
      // All is well: nothing that needs no time may fire.
      assertThat(rows("ALERTS{alertstate=\"firing\"}")).isZero();
    }
  }

  @Test
  void withoutRedisAndWithAnOldCertificateTheirAlertsAloneArePending() throws Exception {
    X509Bundle certificate =
        new CertificateBuilder()
            .subject("CN=localhost")
            .setIsCertificateAuthority(true)
            .notAfter(Instant.now().plus(Duration.ofDays(6)))
            .buildSelfSigned();
    try (RedisProcess redis = new RedisProcess();
        NodeProcess node =
            NodeProcess.clustered(
                "alerting",
                redis,
                "--spring.ssl.bundle.pem.web.keystore.certificate="
                    + certificate.toTempCertChainPem(),
                "--spring.ssl.bundle.pem.web.keystore.private-key="
                    + certificate.toTempPrivateKeyPem());
        RunningProgram prometheus = prometheus(node.ready())) {
      awaitAlerts("DrumlineCertificateExpires");
      TestRedis.with(redis.url(), c -> c.sync().configSet("maxmemory", "1"));
      awaitAlerts("DrumlineCertificateExpires", "DrumlineRedisRefuses");
      TestRedis.with(redis.url(), c -> c.sync().configSet("maxmemory", "0"));
      awaitAlerts("DrumlineCertificateExpires");
      redis.end();
      awaitAlerts("DrumlineCertificateExpires", "DrumlineRedisAway");
      assertThat(prometheus.running()).isTrue();
    }
  }

  /** Waits until these alone are pending or firing, but for those that a busy machine causes. */
  private void awaitAlerts(String... names) {
    await("alerts")
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(get("/api/v1/alerts").at("/data/alerts"))
                    .extracting(alert -> alert.at("/labels/alertname").asString())
                    .filteredOn(name -> !BUSY.contains(name))
                    .containsExactlyInAnyOrder(names));
  }

  private static List<JsonNode> rules(JsonNode group) {
    List<JsonNode> rules = new ArrayList<>();
    group.get("rules").forEach(rules::add);
    return rules;
  }

  private static StompClient client(NodeProcess node) {
    return StompClient.open(node.clientPort(), StompClient.Carriage.TEXT, "v12.stomp")
        .connect("1.2");
  }

  private RunningProgram prometheus(NodeProcess node) throws IOException {
    Path directory = RunningProgram.directory("prometheus");
    Path config = directory.resolve("prometheus.yml");
    Files.writeString(
        config,
        """
        global: { scrape_interval: 1s, evaluation_interval: 1s }
        rule_files: [ "%s" ]
        scrape_configs:
          - job_name: drumline
            metrics_path: /actuator/prometheus
            static_configs: [ { targets: [ "%s" ] } ]
        """
            .formatted(Queries.ALERTS.toAbsolutePath(), node.control("/").getAuthority()));
    return RunningProgram.start(
            "prometheus",
            List.of(
                Programs.PROMETHEUS.path().toString(),
                "--config.file=" + config,
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port))
        .listening(port);
  }

  /** How many series the query finds; fails where Prometheus does not take it. */
  private int rows(String query) {
    return get("/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8))
        .at("/data/result")
        .size();
  }

  private JsonNode get(String path) {
    try {
      HttpResponse<String> answer =
          HTTP.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).describedAs("%s: %s", path, answer.body()).isEqualTo(200);
      return JsonMapper.shared().readTree(answer.body());
    } catch (IOException e) {
      throw new AssertionError(path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static void promtool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Programs.PROMTOOL.path().toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).describedAs(output).isZero();
  }
}

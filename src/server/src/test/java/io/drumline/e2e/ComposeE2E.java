package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.deploy.ComposeFile;
import io.drumline.deploy.ComposeFile.Service;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebDriver;
import org.openqa.selenium.support.ui.WebDriverWait;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What docker-compose.yml describes, as processes of this machine: its nginx, its Prometheus and
 * its nodes with the configuration that they get there. Only names, ports and places are others.
 */
final class ComposeE2E {
  private static final ComposeFile COMPOSE = ComposeFile.read();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final JsonMapper JSON = new JsonMapper();

  private static final Map<String, NodeProcess> nodes = new LinkedHashMap<>();
  private static final int port = RunningProgram.freePort();
  private static RedisProcess redis;
  private static RunningProgram nginx;

  @BeforeAll
  static void up() throws IOException {
    redis = new RedisProcess();
    for (Service node : COMPOSE.nodes()) {
      Map<String, String> environment = node.environment();
      assertThat(environment).containsEntry("SPRING_DATA_REDIS_HOST", "redis");
      environment.put("SPRING_DATA_REDIS_HOST", "127.0.0.1");
      environment.put("SPRING_DATA_REDIS_PORT", String.valueOf(redis.port()));
      nodes.put(node.name(), NodeProcess.configured(node.name(), environment));
      nodes.get(node.name()).ready(); // one after the other: three at once starve each other
    }
    Path directory = RunningProgram.directory("compose");
    Path configuration =
        Files.writeString(
            directory.resolve("nginx.conf"),
            here(COMPOSE.service("nginx").mounts().get(Path.of("/etc/nginx/nginx.conf")))
                .replace("listen 8080;", "listen 127.0.0.1:" + port + ';')
                .replace("/tmp/", directory + "/"));
    nginx =
        RunningProgram.start(
                "nginx",
                List.of(
                    Programs.NGINX.path().toString(),
                    "-g",
                    "daemon off;",
                    "-e",
                    "stderr",
                    "-p",
                    directory.toString(),
                    "-c",
                    configuration.toString()))
            .listening(port);
  }

  @AfterAll
  static void down() {
    if (nginx != null) {
      nginx.close();
    }
    nodes.values().forEach(NodeProcess::close);
    redis.close();
  }

  @Test
  void clientsOfAllNodesHearEachOther() {
    List<StompClient> clients = new ArrayList<>();
    List<String> served = new ArrayList<>();
    try {
      for (int i = 0; i < nodes.size(); i++) {
        StompClient client = StompClient.open(port, Carriage.TEXT, "v12.stomp");
        clients.add(client);
        served.add(connect(client));
        client.subscribe("s", "/topic/compose");
      }
      assertThat(served).containsExactlyInAnyOrderElementsOf(nodes.keySet());
      clients.get(0).publish("/topic/compose", "to all");
      clients.forEach(client -> client.expectMessage("to all"));
    } finally {
      clients.forEach(StompClient::close);
    }
  }

  @Test
  void anyNodeServesThePageAndWhatItLoads() throws Exception {
    for (int i = 0; i < 2 * nodes.size(); i++) {
      assertThat(get("/").body()).contains("<title>Drumline chat</title>");
      JsonNode settings = JSON.readTree(get("/chat/settings").body());
      assertThat(settings.path("endpoints").path(0).asString()).isEqualTo("/ws");
      for (String path :
          List.of(
              "/index.html",
              "/chat/chat.js",
              "/chat/icon.svg",
              settings.path("stomp").asString())) {
        assertThat(get(path).statusCode()).as(path).isEqualTo(200);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/actuator",
        "/actuator/prometheus",
        "/actuator/health",
        "/actuator/drain",
        "/api/v1/publish",
        "/api/v1/nodes",
        "/console",
        "/console/",
        "/healthz",
        "/error",
        "//actuator/health",
        "/ws/../actuator/health",
        "/chat/../actuator/health",
        "/chat/..%2factuator/health",
        "/chat/%2e%2e/actuator/health",
        "/chat/%252e%252e/actuator/health",
        "/chat/..;/actuator/health",
        "/chat/..%3b/actuator/health",
        "/webjars/..;/actuator/health",
        "/chat;/../actuator/health",
        "/chat/%5c..%5cactuator/health",
        "/chat/chat.js/../../actuator/health"
      })
  void nothingElseOfTheControlPlaneIsOpen(String path) throws Exception {
    assertThat(get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void thePageOnlyAnswersToReaders() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri("/chat/settings"))
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    assertThat(HTTP.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
        .isEqualTo(403);
  }

  @Test
  void theKeyShownOpensTheControlPlaneOfEachNode() throws Exception {
    Matcher key =
        Pattern.compile("X-API-Key: ([\\w-]+)")
            .matcher(Files.readString(Path.of("docker-compose.yml")));
    assertThat(key.find()).isTrue();
    for (NodeProcess node : nodes.values()) {
      URI uri = URI.create("http://127.0.0.1:" + node.controlPort() + "/api/v1/nodes");
      HttpRequest.Builder request = HttpRequest.newBuilder(uri);
      assertThat(HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(401);
      request.header("X-API-Key", key.group(1));
      assertThat(HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString()).body())
          .contains(nodes.keySet());
    }
  }

  @Test
  void aBrowserChatsThroughNginx() {
    WebDriver browser = Browser.start();
    try {
      browser.get(uri("/").toString());
      awaitText(browser, "#status", "node-");
      browser.findElement(By.id("name")).sendKeys("Ada");
      browser.findElement(By.id("text")).sendKeys("Through nginx", Keys.ENTER);
      awaitText(browser, ".message.own[data-state=sent] .text", "Through nginx");
    } finally {
      browser.quit();
    }
  }

  @Test
  void aKilledNodeIsMissedByNobody() throws Exception {
    NodeProcess killed = nodes.get("node-2");
    killed.kill();
    try {
      for (int i = 0; i < 2 * nodes.size(); i++) {
        assertThat(get("/").statusCode()).isEqualTo(200);
        try (StompClient client = StompClient.open(port, Carriage.TEXT, "v12.stomp")) {
          assertThat(connect(client)).isNotEqualTo(killed.id());
        }
      }
    } finally {
      killed.restart();
      killed.ready();
    }
  }

  @Test
  void prometheusTakesItsConfiguration() throws IOException {
    Path directory = prometheusFiles();
    RunningProgram promtool =
        RunningProgram.start(
            "promtool",
            List.of(
                Programs.PROMTOOL.path().toString(),
                "check",
                "config",
                directory.resolve("prometheus.yml").toString()));
    assertThat(promtool.awaitEnd()).as(promtool.output()).isZero();
    assertThat(promtool.output()).contains("1 rule files found");
  }

  @Test
  void prometheusReachesEveryNode() throws IOException {
    Path directory = prometheusFiles();
    int own = RunningProgram.freePort();
    try (RunningProgram prometheus =
        RunningProgram.start(
            "prometheus",
            List.of(
                Programs.PROMETHEUS.path().toString(),
                "--config.file=" + directory.resolve("prometheus.yml"),
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=127.0.0.1:" + own))) {
      prometheus.listening(own);
      URI query =
          URI.create("http://127.0.0.1:" + own + "/api/v1/query?query=count(drumline_connections)");
      await("Prometheus has a figure of each node")
          .atMost(Duration.ofMinutes(1))
          .ignoreExceptions()
          .until(
              () ->
                  HTTP.send(
                          HttpRequest.newBuilder(query).build(),
                          HttpResponse.BodyHandlers.ofString())
                      .body()
                      .contains("\"" + nodes.size() + "\""));
    }
  }

  /** What compose mounts into Prometheus' directory, with these nodes' addresses. */
  private static Path prometheusFiles() throws IOException {
    Path directory = RunningProgram.directory("prometheus");
    for (Map.Entry<Path, Path> mount : COMPOSE.service("prometheus").mounts().entrySet()) {
      Files.writeString(directory.resolve(mount.getKey().getFileName()), here(mount.getValue()));
    }
    return directory;
  }

  /** A file's text, with this machine's addresses in place of the nodes' names. */
  private static String here(Path file) throws IOException {
    String text = Files.readString(file);
    for (NodeProcess node : nodes.values()) {
      text =
          text.replace(node.id() + ":8080", "127.0.0.1:" + node.clientPort())
              .replace(node.id() + ":8081", "127.0.0.1:" + node.controlPort());
    }
    return text;
  }

  private static URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return HTTP.send(
        HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  /** Connects; hands back which node answered. */
  private static String connect(StompClient client) {
    client.command("CONNECT", "accept-version:1.2", "host:localhost");
    return client.expect("CONNECTED").header("node");
  }

  private static void awaitText(WebDriver browser, String selector, String text) {
    new WebDriverWait(browser, Duration.ofSeconds(30))
        .ignoring(StaleElementReferenceException.class)
        .withMessage(() -> selector + " contains " + text)
        .until(
            driver ->
                driver.findElements(By.cssSelector(selector)).stream()
                    .anyMatch(element -> element.getText().contains(text)));
  }
}

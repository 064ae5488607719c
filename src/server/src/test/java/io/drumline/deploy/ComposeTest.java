package io.drumline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.deploy.ComposeFile.Service;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.convert.DurationStyle;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What docker-compose.yml promises, as far as it can be seen without Docker. */
final class ComposeTest {
  private static final ComposeFile FILE = ComposeFile.read();
  private static final String HEALTHY = "service_healthy";

  static Stream<Service> services() {
    return FILE.services().values().stream();
  }

  @Test
  void hasThreeNodesThatDifferByTheirNamesOnly() {
    assertThat(FILE.nodes())
        .extracting(Service::name)
        .containsExactly("node-1", "node-2", "node-3");
    assertThat(FILE.nodes().stream().map(ComposeTest::nameless).distinct()).hasSize(1);
  }

  @Test
  void buildsTheImageOnceAndNeverLooksForItElsewhere() {
    assertThat(FILE.services().values().stream().filter(service -> service.has("build")))
        .singleElement()
        .isIn(FILE.nodes());
    assertThat(FILE.nodes()).extracting(node -> node.get("pull_policy")).containsOnly("never");
  }

  @ParameterizedTest
  @MethodSource("services")
  void mountsOnlyWhatIsThere(Service service) {
    assertThat(service.mounts().values()).allSatisfy(file -> assertThat(file).exists());
    assertThat(service.list("volumes"))
        .allSatisfy(volume -> assertThat(volume).matches("\\./.*:ro|\\w+:/.*"));
  }

  @ParameterizedTest
  @MethodSource("services")
  void knowsWhetherEachServiceIsHealthy(Service service) {
    if (FILE.nodes().contains(service)) {
      assertThat(Dockerfile.read().last().last("HEALTHCHECK")).isNotEmpty();
    } else {
      assertThat(service.map("healthcheck")).containsKeys("test", "interval", "timeout");
    }
  }

  @ParameterizedTest
  @MethodSource("services")
  void waitsUntilWhatItNeedsIsHealthy(Service service) {
    service
        .map("depends_on")
        .forEach(
            (other, condition) -> {
              assertThat(FILE.services()).containsKey(other);
              assertThat(ComposeFile.asMap(condition)).containsEntry("condition", HEALTHY);
            });
  }

  @Test
  void nginxWaitsForTheNodesAndTheyForRedis() {
    assertThat(FILE.service("nginx").map("depends_on"))
        .containsOnlyKeys("node-1", "node-2", "node-3");
    assertThat(FILE.nodes())
        .allSatisfy(node -> assertThat(node.map("depends_on")).containsOnlyKeys("redis"));
  }

  @ParameterizedTest
  @MethodSource("services")
  void confinesEachService(Service service) {
    assertThat(service.get("read_only")).isEqualTo(true);
    assertThat(service.list("cap_drop")).containsExactly("ALL");
    assertThat(service.has("cap_add")).isFalse();
    assertThat(service.list("security_opt")).containsExactly("no-new-privileges:true");
    assertThat(service.settings())
        .containsKeys("mem_limit", "logging")
        .doesNotContainKey("privileged");
  }

  @ParameterizedTest
  @MethodSource("services")
  void namesTheVersionOfEachImage(Service service) {
    assertThat(service.get("image").toString())
        .matches(FILE.nodes().contains(service) ? "drumline:\\w+" : ".+:v?\\d+\\.\\d+\\.\\d+.*")
        .doesNotContain("latest");
  }

  @ParameterizedTest
  @MethodSource("services")
  void opensOnlyNginxToOtherMachines(Service service) {
    if (service.name().equals("nginx")) {
      assertThat(service.list("ports")).containsExactly("80:8080");
    } else {
      assertThat(service.list("ports")).allMatch(port -> port.startsWith("127.0.0.1:"));
    }
    if (service.name().equals("redis")) {
      assertThat(service.has("ports")).isFalse();
    }
  }

  @Test
  void opensEachControlPlaneToThisMachine() {
    assertThat(FILE.nodes().stream().flatMap(node -> node.list("ports").stream()))
        .containsExactly("127.0.0.1:8081:8081", "127.0.0.1:8082:8081", "127.0.0.1:8083:8081");
  }

  @Test
  void showsTheKeyOfTheControlPlane() throws Exception {
    Matcher shown =
        Pattern.compile("the key ([\\w-]+)")
            .matcher(Files.readString(Path.of("docker-compose.yml")));
    assertThat(shown.find()).isTrue();
    byte[] hash =
        MessageDigest.getInstance("SHA-256")
            .digest(shown.group(1).getBytes(StandardCharsets.UTF_8));
    assertThat(FILE.nodes().get(0).environment())
        .containsEntry("DRUMLINE_API_KEYS_0_HASH", "sha256:" + HexFormat.of().formatHex(hash));
    assertThat(Files.readString(Path.of("README.md"))).contains(shown.group(1));
  }

  /** The versions here and in the Dockerfile and the chart go up by themselves. */
  @Test
  void raisesItsVersionsOnASchedule() throws IOException {
    JsonNode renovate = new JsonMapper().readTree(Files.readString(Path.of("renovate.json")));
    assertThat(renovate.path("schedule").size()).isPositive();
    assertThat(renovate.path("enabledManagers").valueStream().map(JsonNode::asString))
        .contains("docker-compose", "dockerfile", "helm-values", "maven");
  }

  @Test
  void givesNodesOnlySettingsThatExist() throws IOException {
    Set<String> known = new HashSet<>();
    for (String name : settings().keySet()) {
      known.add(name.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT));
    }
    assertThat(known).contains("DRUMLINE_BACKPLANE");
    assertThat(FILE.nodes().get(0).environment().keySet())
        .map(name -> name.replaceFirst("_\\d+_.*", "")) // an element of a list
        .isSubsetOf(known);
  }

  @Test
  void givesNodesTheTimeTheyNeedToDrain() throws IOException {
    Duration drain = Duration.ZERO;
    for (Map.Entry<String, String> setting : settings().entrySet()) {
      if (setting.getKey().matches("drumline\\.drain\\.(grace|window)")) {
        drain = drain.plus(DurationStyle.detectAndParse(setting.getValue()));
      }
    }
    Duration given =
        DurationStyle.detectAndParse(FILE.nodes().get(0).get("stop_grace_period").toString());
    assertThat(given).isGreaterThan(drain.plusSeconds(5));
  }

  @Test
  void nginxDoesNotWaitForItsClientsToLeave() {
    assertThat(FILE.service("nginx").get("stop_signal")).isEqualTo("SIGTERM");
  }

  @Test
  void nginxSendsToEveryNode() throws IOException {
    String text =
        Files.readString(FILE.service("nginx").mounts().get(Path.of("/etc/nginx/nginx.conf")));
    for (Service node : FILE.nodes()) {
      assertThat(text)
          .contains("server " + node.name() + ":8080 ", "server " + node.name() + ":8081 ");
    }
  }

  @Test
  void prometheusAsksEveryNodeAndHasItsRules() {
    Map<Path, Path> mounts = FILE.service("prometheus").mounts();
    Map<String, Object> file =
        ComposeFile.yaml(mounts.get(Path.of("/etc/prometheus/prometheus.yml")));
    assertThat(file.get("scrape_configs").toString())
        .contains(
            FILE.nodes().stream()
                .map(node -> node.name() + ":8081")
                .collect(Collectors.joining(", ")));
    assertThat((List<?>) file.get("rule_files"))
        .isNotEmpty()
        .allSatisfy(
            name -> assertThat(mounts).containsKey(Path.of("/etc/prometheus", name.toString())));
  }

  @Test
  void grafanaFindsPrometheusAndTheDashboard() throws IOException {
    Service grafana = FILE.service("grafana");
    Path provisioning = grafana.mounts().get(Path.of("/etc/grafana/provisioning"));
    Map<String, Object> source =
        only(provisioning.resolve("datasources/prometheus.yaml"), "datasources");
    URI url = URI.create(source.get("url").toString());
    assertThat(FILE.services()).containsKey(url.getHost());
    assertThat(FILE.service(url.getHost()).list("ports"))
        .anyMatch(port -> port.endsWith(":" + url.getPort()));

    Map<String, Object> provider =
        only(provisioning.resolve("dashboards/drumline.yaml"), "providers");
    Path directory = Path.of(ComposeFile.asMap(provider.get("options")).get("path").toString());
    String home = grafana.environment().get("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH");
    assertThat(Path.of(home)).hasParentRaw(directory);
    JsonNode dashboard =
        new JsonMapper().readTree(Files.readString(grafana.mounts().get(Path.of(home))));
    assertThat(dashboard.path("title").asString()).isNotEmpty();
    assertThat(dashboard.path("panels").size()).isPositive();
  }

  private static Map<String, Object> only(Path file, String list) {
    List<?> all = (List<?>) ComposeFile.yaml(file).get(list);
    assertThat(all).hasSize(1);
    return ComposeFile.asMap(all.get(0));
  }

  private static Map<String, Object> nameless(Service node) {
    Map<String, Object> settings = new HashMap<>(node.settings());
    assertThat(settings.remove("hostname")).isEqualTo(node.name());
    settings.remove("build");
    settings.remove("ports");
    return settings;
  }

  /** All settings that this node and Spring Boot have, with their defaults. */
  private static Map<String, String> settings() throws IOException {
    Map<String, String> settings = new HashMap<>();
    List<URL> files = new ArrayList<>();
    ComposeTest.class
        .getClassLoader()
        .getResources("META-INF/spring-configuration-metadata.json")
        .asIterator()
        .forEachRemaining(files::add);
    for (URL file : files) {
      for (JsonNode property : new JsonMapper().readTree(file.openStream()).path("properties")) {
        settings.put(property.path("name").asString(), property.path("defaultValue").asString(""));
      }
    }
    return settings;
  }
}

package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.CloseCode;
import io.drumline.testing.StompClient;
import io.drumline.testing.redis.TestRedis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code docs/metrics.md} tells exactly what a node exports, with Redis and without. */
class MetricDocsIT {
  private static final Pattern TYPE = Pattern.compile("^# TYPE (drumline_\\w+) (\\w+)$");
  private static final Pattern SERIES = Pattern.compile("^(drumline_\\w+?)\\{(.*)} .*$");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
  private static final Pattern QUOTED = Pattern.compile("`([\\w-]+)`");

  /** A label whose values are numbers has none to name in the table. */
  private static Set<String> numbers(String label, Set<String> values) {
    assertThat(values).as(label).allMatch(value -> value.matches("\\d+"));
    return new TreeSet<>();
  }

  private record Metric(String type, Map<String, Set<String>> labels) {}

  @Test
  void theTableAndANodeNameTheSameMetrics() throws IOException {
    String name = UUID.randomUUID().toString();
    try (Node node =
            Node.on(
                TestRedis.url(),
                "drumline.tracing.enabled=true",
                "management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:9/v1/traces",
                "management.tracing.sampling.probability=0.0");
        Node alone =
            Node.alone(
                "drumline.security.anonymous=true",
                "drumline.security.jwt.jwks-uri=http://127.0.0.1:9/keys",
                "drumline.security.jwt.audience=chat")) {
      try (StompClient client = node.client()) {
        client.subscribe("s", "/topic/" + name);
        client.publish("/topic/" + name, "hello");
        client.expectMessage("hello");
      }
      Map<String, Metric> exported = exported(node.scrape() + alone.scrape());
      Map<String, Metric> documented = documented();
      assertThat(documented.keySet()).isEqualTo(exported.keySet());
      documented.forEach(
          (metric, told) -> assertThat(exported.get(metric)).describedAs(metric).isEqualTo(told));
    }
  }

  /** What a scrape shows, where histograms and their maxima are one. */
  private static Map<String, Metric> exported(String scrape) {
    Map<String, Metric> metrics = new TreeMap<>();
    scrape
        .lines()
        .map(TYPE::matcher)
        .filter(Matcher::matches)
        .forEach(type -> metrics.put(type.group(1), new Metric(type.group(2), new TreeMap<>())));
    Set.copyOf(metrics.entrySet()).stream()
        .filter(metric -> metric.getValue().type().matches("histogram|summary"))
        .forEach(timer -> assertThat(metrics.remove(timer.getKey() + "_max")).isNotNull());
    scrape
        .lines()
        .map(SERIES::matcher)
        .filter(Matcher::matches)
        .filter(series -> metrics.containsKey(series.group(1)))
        .forEach(
            series ->
                LABEL
                    .matcher(series.group(2))
                    .results()
                    .forEach(
                        label ->
                            metrics
                                .get(series.group(1))
                                .labels()
                                .computeIfAbsent(label.group(1), any -> new TreeSet<>())
                                .add(label.group(2))));
    metrics
        .values()
        .forEach(metric -> metric.labels().computeIfPresent("loop", MetricDocsIT::numbers));
    return metrics;
  }

  private static Map<String, Metric> documented() throws IOException {
    Map<String, Metric> metrics = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("docs", "metrics.md"))) {
      if (line.startsWith("| `drumline_")) {
        List<String> cells = Arrays.stream(line.split("\\|")).map(String::strip).toList();
        assertThat(cells).describedAs(line).hasSize(6).last().asString().isNotBlank();
        metrics.put(cells.get(1).replace("`", ""), new Metric(cells.get(2), labels(cells.get(3))));
      }
    }
    return metrics;
  }

  /**
   * Of a cell such as {@code `reason`: `tls`, `proxy`}; several labels are parted by semicolons.
   */
  private static Map<String, Set<String>> labels(String cell) {
    Map<String, Set<String>> labels = new TreeMap<>();
    if (cell.contains("#close-codes")) {
      labels.put("reason", closeCodes());
    } else if (!cell.isBlank()) {
      for (String label : cell.split(";", -1)) {
        Set<String> values =
            QUOTED
                .matcher(label.substring(label.indexOf(':')))
                .results()
                .map(value -> value.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        Matcher first = QUOTED.matcher(label);
        assertThat(first.find()).isTrue();
        labels.put(first.group(1), values);
      }
    }
    return labels;
  }

  private static Set<String> closeCodes() {
    return Arrays.stream(CloseCode.values())
        .map(code -> code.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}

package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.helm.Queries.Alert;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Alerts, their tests and their runbook belong together. What promtool finds is an E2E test. */
final class AlertsTest {
  private static final Pattern ENTRY = Pattern.compile("(?m)^### (\\w+)$");

  private final List<Alert> alerts = Queries.alerts();
  private final List<String> names = alerts.stream().map(Alert::name).toList();

  @Test
  void haveNamesOfTheirOwn() {
    assertThat(names).isNotEmpty().doesNotHaveDuplicates().allMatch(n -> n.startsWith("Drumline"));
  }

  @Test
  void sayHowBadWhatAndWhereToRead() {
    assertThat(alerts)
        .allSatisfy(
            alert -> {
              assertThat(alert.labels()).containsOnlyKeys("severity");
              assertThat(alert.labels().get("severity")).isIn("critical", "warning");
              assertThat(alert.annotations()).containsOnlyKeys("summary", "description", "runbook");
              assertThat(alert.annotations().get("summary")).endsWith(".");
              assertThat(alert.annotations().get("description")).endsWith(".");
              assertThat(alert.annotations().get("runbook"))
                  .isEqualTo("docs/runbook.md#" + alert.name().toLowerCase(Locale.ROOT));
            });
  }

  @Test
  void haveAnEntryInTheRunbookEach() {
    String runbook = Queries.text(Path.of("docs", "runbook.md"));
    assertThat(ENTRY.matcher(runbook).results().map(entry -> entry.group(1)))
        .containsExactlyInAnyOrderElementsOf(names);
    String[] entries = runbook.split("(?m)^###? ");
    assertThat(entries)
        .filteredOn(entry -> entry.startsWith("Drumline"))
        .hasSameSizeAs(names)
        .allSatisfy(
            entry ->
                assertThat(entry)
                    .contains("**Means**", "**Impact**", "**Look")
                    .containsIgnoringCase("do**"));
  }

  /** Each is seen silent, and seen firing for what it is about alone. */
  @Test
  @SuppressWarnings("unchecked")
  void haveATestEachInWhichTheyFireAndDoNot() {
    var tests = (List<Map<String, Object>>) Queries.yaml(Queries.ALERTS_TEST).get("tests");
    assertThat(tests)
        .extracting(test -> test.get("name"))
        .containsExactlyInAnyOrderElementsOf(names);
    assertThat(tests)
        .allSatisfy(
            test -> {
              var expectations = (List<Map<String, Object>>) test.get("promql_expr_test");
              assertThat(expectations)
                  .allSatisfy(
                      expectation ->
                          assertThat(expectation.get("expr"))
                              .asString()
                              .contains("alertname=\"" + test.get("name") + "\""));
              assertThat(expectations)
                  .map(expectation -> expectation.get("exp_samples"))
                  .map(samples -> samples instanceof List<?> list ? list.size() : -1)
                  .containsExactly(0, 1);
            });
  }

  @Test
  void metricsAreFoundInExpressions() {
    assertThat(
            Queries.metricsOf(
                "histogram_quantile(0.99, sum by (le, job)"
                    + " (rate(a_bucket{x=~\"b{c}\",y=\"d\"}[5m]))) / on (job, instance) group_left"
                    + " (node) e_total > 2.5e+08 and f offset 5m unless 14 * g or vector(0)"))
        .containsExactly("a_bucket", "e_total", "f", "g");
  }
}

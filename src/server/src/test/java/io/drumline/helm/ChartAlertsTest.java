package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.Rule;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The alerts that the chart installs lead to the runbook at the operator's own address. */
final class ChartAlertsTest {
  private static final String RUNBOOK = "https://git.example.org/drumline/docs/runbook.md";

  @Test
  void linkToTheRunbookAtTheAddressGiven() {
    assertThat(rules("prometheusRule: { enabled: true, runbookUrl: '" + RUNBOOK + "' }"))
        .isNotEmpty()
        .allSatisfy(
            rule ->
                assertThat(rule.getAnnotations())
                    .containsEntry(
                        "runbook_url", RUNBOOK + '#' + rule.getAlert().toLowerCase(Locale.ROOT))
                    .doesNotContainKey("runbook"));
  }

  @Test
  void haveNoLinkThatLeadsNowhere() {
    assertThat(rules("prometheusRule: { enabled: true }"))
        .isNotEmpty()
        .allSatisfy(
            rule ->
                assertThat(rule.getAnnotations())
                    .containsEntry(
                        "runbook", "docs/runbook.md#" + rule.getAlert().toLowerCase(Locale.ROOT))
                    .doesNotContainKey("runbook_url"));
  }

  @Test
  void takeAnAbsoluteAddressOnly() {
    assertThatThrownBy(
            () -> rules("prometheusRule: { enabled: true, runbookUrl: docs/runbook.md }"))
        .hasMessageContaining("/prometheusRule/runbookUrl");
  }

  private static List<Rule> rules(String values) {
    return Chart.render(Chart.CHOSEN, values)
        .only(PrometheusRule.class)
        .getSpec()
        .getGroups()
        .stream()
        .flatMap(group -> group.getRules().stream())
        .toList();
  }
}

package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The dashboard has the form that Grafana expects. What its queries find is tested elsewhere. */
final class DashboardTest {
  private final JsonNode dashboard = Queries.dashboard();
  private final List<JsonNode> panels = list(dashboard.get("panels"));

  @Test
  void hasAFixedIdentityAndNoTraceOfOneInstallation() {
    assertThat(dashboard.get("uid").asString()).isEqualTo("drumline");
    assertThat(dashboard.has("id")).isFalse();
    assertThat(dashboard.get("schemaVersion").asInt()).isGreaterThanOrEqualTo(39);
    assertThat(dashboard.toString()).doesNotContain("\"uid\":\"prometheus\"", "localhost");
  }

  @Test
  void letsChooseDataSourceNamespaceJobAndNode() {
    List<JsonNode> variables = list(dashboard.at("/templating/list"));
    assertThat(variables)
        .extracting(variable -> variable.get("name").asString())
        .containsExactly("datasource", "namespace", "job", "instance");
    assertThat(variables.get(0).get("type").asString()).isEqualTo("datasource");
    assertThat(variables.subList(1, 4))
        .allSatisfy(
            variable -> {
              assertThat(variable.get("includeAll").asBoolean()).isTrue();
              assertThat(variable.get("definition").asString())
                  .startsWith("label_values(drumline_connections");
            });
    // Without Kubernetes there is no namespace, which ".*" covers and an empty list does not.
    assertThat(variables.get(1).get("allValue").asString()).isEqualTo(".*");
  }

  @Test
  void everyPanelAsksTheChosenDataSourceForTheChosenNodes() {
    assertThat(panels)
        .filteredOn(panel -> !isRow(panel))
        .isNotEmpty()
        .allSatisfy(
            panel -> {
              assertThat(panel.at("/datasource/uid").asString()).isEqualTo("${datasource}");
              assertThat(panel.get("targets")).isNotEmpty();
            });
    assertThat(Queries.panels())
        .allSatisfy(
            query ->
                assertThat(query.expression())
                    .contains("{namespace=~\"$namespace\",job=~\"$job\",instance=~\"$instance\""));
  }

  @Test
  void panelsHaveTitlesIdsAndPlacesOfTheirOwn() {
    Set<String> cells = new TreeSet<>();
    Set<Integer> ids = new TreeSet<>();
    for (JsonNode panel : panels) {
      assertThat(panel.get("title").asString()).isNotBlank();
      assertThat(ids.add(panel.get("id").asInt())).isTrue();
      JsonNode place = panel.get("gridPos");
      int x = place.get("x").asInt();
      int y = place.get("y").asInt();
      assertThat(x + place.get("w").asInt()).isLessThanOrEqualTo(24);
      for (int column = x; column < x + place.get("w").asInt(); column++) {
        for (int line = y; line < y + place.get("h").asInt(); line++) {
          assertThat(cells.add(column + "," + line)).describedAs("%s", panel.get("title")).isTrue();
        }
      }
    }
  }

  @Test
  void hasARowForEachSubject() {
    assertThat(panels)
        .filteredOn(DashboardTest::isRow)
        .extracting(row -> row.get("title").asString())
        .contains(
            "Traffic", "Latency", "Connections", "Continuity", "Redis", "Refusals", "Process");
  }

  private static boolean isRow(JsonNode panel) {
    return panel.get("type").asString().equals("row");
  }

  private static List<JsonNode> list(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }
}

package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** With structured logs, a node prints JSON from its first line to its last, errors included. */
class StructuredLogsE2E {
  private static final JsonMapper JSON = JsonMapper.shared();

  @ParameterizedTest
  @CsvSource({
    "ecs, /message, /service/node/name",
    "logstash, /message, /node",
    "gelf, /short_message, /host"
  })
  void everyLineOfALifeIsAnObjectThatNamesItsNode(String format, String message, String node) {
    String structured = "--logging.structured.format.console=" + format;
    NodeProcess first = NodeProcess.alone("first-" + format, structured);
    try (first) {
      first.ready();
      // An address of no host ends the start with a report of several lines.
      try (NodeProcess second =
          NodeProcess.alone(
              "second-" + format, structured, "--drumline.listener.address=192.0.2.1")) {
        await("the second node gives up")
            .atMost(Duration.ofMinutes(2))
            .until(() -> !second.alive());
        assertThat(objects(second, node, "second-" + format))
            .extracting(line -> line.at(message).asString())
            .anyMatch(said -> said.contains("APPLICATION FAILED TO START"));
      }
    }
    assertThat(objects(first, node, "first-" + format))
        .extracting(line -> line.at(message).asString())
        .anyMatch(said -> said.startsWith("Starting DrumlineApplication"))
        .anyMatch(said -> said.startsWith("Clients connect to port"))
        .anyMatch(said -> said.contains("Graceful shutdown complete"));
  }

  private static List<JsonNode> objects(NodeProcess process, String pointer, String id) {
    List<JsonNode> lines =
        process.log().stream().<JsonNode>map(line -> JSON.readTree(line)).toList();
    assertThat(lines)
        .isNotEmpty()
        .allSatisfy(
            line -> {
              assertThat(line.isObject()).isTrue();
              assertThat(line.at(pointer).asString()).isEqualTo(id);
              assertThat(line.at("/node").asString()).isEqualTo(id);
            });
    return lines;
  }
}

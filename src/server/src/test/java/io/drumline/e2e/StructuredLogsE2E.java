package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** With structured logs, a node prints JSON from its first line to its last, errors included. */
class StructuredLogsE2E {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}]");

  private static final String LOGIN = "ann";

  /** bcrypt of {@code secret}. */
  private static final String PASSWORD =
      "$2a$04$wqHiTpfp0vP0cc5xJzFkfOCabTwvJCe9cgz/JM.0ldkr9SW7pqBfu";

  @ParameterizedTest
  @CsvSource({
    "ecs, /message, /service/node/name",
    "logstash, /message, /node",
    "gelf, /short_message, /host"
  })
  void everyLineOfALifeIsAnObjectThatNamesItsNode(String format, String message, String node) {
    String structured = "--logging.structured.format.console=" + format;
    NodeProcess first =
        NodeProcess.alone(
            "first-" + format,
            structured,
            "--logging.level.io.drumline.stomp=debug",
            "--drumline.security.anonymous=true",
            "--drumline.security.users[0].login=" + LOGIN,
            "--drumline.security.users[0].password=" + PASSWORD);
    try (first) {
      first.ready();
      try (StompClient client =
          StompClient.open(first.clientPort(), StompClient.Carriage.TEXT, "v12.stomp")) {
        client.connect("1.2", "login:" + LOGIN, "passcode:secret");
        client.command("DISCONNECT");
        client.expectClose();
      }
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
    assertThat(objects(first, node, "first-" + format))
        .filteredOn(line -> line.at(message).asString().endsWith("ended with 1000"))
        .singleElement()
        .satisfies(
            line -> {
              assertThat(field(line, "stomp.session")).isNotBlank();
              assertThat(field(line, "user.name")).isEqualTo(LOGIN);
              assertThat(field(line, "stomp.close_code")).isEqualTo("1000");
            });
    assertThat(first.log()).noneMatch(line -> CONTROL.matcher(line).find());
  }

  /** ECS nests them; GELF marks those that are not its own. */
  private static String field(JsonNode line, String name) {
    return Stream.of(line.at("/" + name.replace('.', '/')), line.path(name), line.path("_" + name))
        .filter(JsonNode::isValueNode)
        .map(JsonNode::asString)
        .findFirst()
        .orElse("");
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

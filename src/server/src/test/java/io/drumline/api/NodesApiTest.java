package io.drumline.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.MemoryRegistry;
import io.drumline.backplane.NodeRun;
import io.drumline.loop.Periodic;
import io.drumline.session.LeaseSettings;
import io.drumline.session.Nodes;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.test.web.servlet.client.RestTestClient;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** GET /api/v1/nodes; NodesIT has clusters. */
final class NodesApiTest {
  private final Nodes nodes =
      new Nodes(
          new MemoryRegistry(),
          new LeaseSettings(Duration.ofSeconds(10), Duration.ofSeconds(3)),
          () -> true,
          () -> 42,
          new Periodic(new SimpleMeterRegistry()),
          new SimpleMeterRegistry());
  private ConfigurableApplicationContext context;
  private RestTestClient client;

  @EnableAutoConfiguration
  @Import({NodesController.class, ApiErrors.class, ApiConfiguration.class})
  static class Api {}

  @BeforeEach
  void start() throws Exception {
    context =
        new SpringApplicationBuilder(Api.class)
            .bannerMode(Banner.Mode.OFF)
            .initializers(
                application ->
                    ((GenericApplicationContext) application)
                        .registerBean(Nodes.class, () -> nodes))
            .properties(
                "server.port=0",
                "management.endpoint.health.validate-group-membership=false",
                "drumline.api.keys[0].name=reads",
                "drumline.api.keys[0].hash=" + hash("r3ad"),
                "drumline.api.keys[0].scopes=read",
                "drumline.api.keys[1].name=publishes",
                "drumline.api.keys[1].hash=" + hash("publ1sh"),
                "drumline.api.keys[1].scopes=publish")
            .run();
    client =
        RestTestClient.bindToServer()
            .baseUrl(
                "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port"))
            .build();
  }

  @AfterEach
  void stop() {
    nodes.close();
    context.close();
  }

  @Test
  void showsTheNodesToWhoMayRead() {
    nodes.start(
        new NodeRun("run1", "alone", "10.1.2.3", 8080, 8081, "1.0", Instant.ofEpochSecond(1_000)));
    await().until(() -> nodes.view().isPresent());
    nodes.draining(true);
    await().until(() -> nodes.view().orElseThrow().nodes().get(0).state().draining());

    JsonNode answer =
        JsonMapper.builder()
            .build()
            .readTree(
                get("r3ad")
                    .expectStatus()
                    .isOk()
                    .expectBody(String.class)
                    .returnResult()
                    .getResponseBody());

    assertThat(answer.path("stale").asBoolean()).isFalse();
    assertThat(answer.path("age").asDouble()).isBetween(0.0, 10.0);
    assertThat(Instant.parse(answer.path("refreshed").asString())).isBefore(Instant.now());
    assertThat(answer.path("nodes")).hasSize(1);
    Map<String, Object> node =
        JsonMapper.builder()
            .build()
            .convertValue(answer.path("nodes").get(0), new TypeReference<>() {});
    assertThat((Double) node.remove("leaseEndsIn")).isBetween(0.0, 10.0);
    assertThat(node)
        .isEqualTo(
            Map.of(
                "id",
                "alone",
                "incarnation",
                "run1",
                "address",
                "10.1.2.3",
                "clientPort",
                8080,
                "controlPort",
                8081,
                "version",
                "1.0",
                "started",
                "1970-01-01T00:16:40Z",
                "connections",
                42,
                "draining",
                true,
                "self",
                true));
  }

  @Test
  void saysThatItDoesNotKnowTheNodesYet() {
    String problem =
        get("r3ad")
            .expectStatus()
            .isEqualTo(503)
            .expectHeader()
            .contentType("application/problem+json")
            .expectBody(String.class)
            .returnResult()
            .getResponseBody();

    assertThat(problem).contains("This node has not reached the other nodes' registry yet.");
  }

  @Test
  void refusesWhoMayNotRead() {
    get("publ1sh").expectStatus().isForbidden();
    get("wrong").expectStatus().isUnauthorized();
  }

  private RestTestClient.ResponseSpec get(String key) {
    return client.get().uri("/api/v1/nodes").header("X-API-Key", key).exchange();
  }

  private static String hash(String key) throws Exception {
    return "sha256:"
        + HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
  }
}

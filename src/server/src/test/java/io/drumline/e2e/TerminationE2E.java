package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What ends a node's process, and how it ends. */
class TerminationE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String NEVER = "10m";
  private static final int GOING_AWAY = 1001;
  private static final int INTERRUPTED = 128 + 2;

  private NodeProcess node;

  @AfterEach
  void stop() {
    node.kill();
  }

  private void start(String grace, String window) {
    node =
        NodeProcess.alone(
                "ends", "--drumline.drain.grace=" + grace, "--drumline.drain.window=" + window)
            .ready();
  }

  private StompClient client() {
    return StompClient.open(node.clientPort(), Carriage.TEXT, "v12.stomp").connect("1.2");
  }

  private void awaitRefusing() {
    await().atMost(PATIENCE).until(() -> node.healthz() == 503);
  }

  @Test
  void sigtermDrainsWhileTheNodeWorksOnAndASecondOneHurriesIt() throws Exception {
    start(NEVER, NEVER);
    try (StompClient client = client()) {
      node.terminate();
      awaitRefusing();
      // also code of the application is still there
      client.publishConfirmed("/app/rooms/lobby", "{\"name\":\"ann\",\"text\":\"still here\"}");
      assertThat(control("GET").body()).contains("GRACE");
      assertThat(control("DELETE").statusCode()).isEqualTo(409);
      node.terminate();
      assertThat(client.expectClose()).isEqualTo(GOING_AWAY);
    }
    assertThat(node.awaitExit(PATIENCE)).isZero();
  }

  @Test
  void aSecondSigtermEndsThePacing() {
    start("0s", NEVER);
    try (StompClient first = client();
        StompClient second = client()) {
      first.subscribe("sub-0", "/topic/a"); // so it is the heavier one
      node.terminate();
      assertThat(second.expectClose()).isEqualTo(GOING_AWAY);
      first.publish("/topic/a", "still here");
      first.expectMessage("still here");
      node.terminate();
      assertThat(first.expectClose()).isEqualTo(GOING_AWAY);
    }
    assertThat(node.awaitExit(PATIENCE)).isZero();
  }

  @Test
  void sigtermEndsADrainedNodeAtOnce() throws Exception {
    start("0s", NEVER);
    assertThat(control("POST").statusCode()).isEqualTo(202);
    await().atMost(PATIENCE).until(() -> control("GET").body().contains("DRAINED"));
    node.terminate();
    assertThat(node.awaitExit(PATIENCE)).isZero();
  }

  @Test
  void ctrlCClosesAtOnce() {
    start(NEVER, NEVER);
    try (StompClient client = client()) {
      node.interrupt();
      assertThat(client.expectClose()).isEqualTo(GOING_AWAY);
    }
    assertThat(node.awaitExit(PATIENCE)).isEqualTo(INTERRUPTED);
  }

  private HttpResponse<String> control(String method) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(node.control("/actuator/drain"))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }
}

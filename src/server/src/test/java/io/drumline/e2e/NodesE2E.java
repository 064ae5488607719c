package io.drumline.e2e;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** Leases of nodes whose processes are killed and stopped. */
final class NodesE2E {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private RedisProcess redis;
  private NodeProcess victim;
  private NodeProcess other;

  @BeforeEach
  void start() {
    redis = new RedisProcess();
    victim = node("victim");
    other = node("other");
    victim.ready();
    other.ready();
    patiently().until(() -> alive(other).equals(Set.of("victim", "other")));
  }

  @AfterEach
  void stop() {
    victim.close();
    other.close();
    redis.close();
  }

  /** The event loops would close the sockets of a node that stood still for longer than 10 s. */
  private NodeProcess node(String id) {
    return NodeProcess.clustered(
        id,
        redis,
        "--drumline.node.lease=3s",
        "--drumline.node.renewal=500ms",
        "--drumline.hub.pause-limit=10m",
        "--drumline.redis.reconnect-max=100ms",
        "--drumline.api.anonymous=true");
  }

  private static ConditionFactory patiently() {
    return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(100));
  }

  private static String get(URI uri) {
    try {
      return HTTP.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static Set<String> alive(NodeProcess node) {
    return StreamSupport.stream(
            JSON.readTree(get(node.control("/api/v1/nodes"))).path("nodes").spliterator(), false)
        .filter(each -> each.path("leaseEndsIn").asDouble() > 0)
        .map(each -> each.path("id").asString())
        .collect(toSet());
  }

  @Test
  void killedNodeIsGoneWhenItsLeaseEnds() {
    victim.kill();
    patiently().until(() -> alive(other).equals(Set.of("other")));

    victim.restart();
    victim.ready();
    patiently().until(() -> alive(other).equals(Set.of("victim", "other")));
  }

  @Test
  void nodeThatStoodStillForLongerThanItsLeaseClosesItsSockets() {
    try (StompClient client =
            StompClient.open(victim.clientPort(), StompClient.Carriage.TEXT, "v12.stomp");
        StompClient bystander =
            StompClient.open(other.clientPort(), StompClient.Carriage.TEXT, "v12.stomp")) {
      client.connect("1.2");
      bystander.connect("1.2");

      victim.pause();
      try {
        patiently().until(() -> alive(other).equals(Set.of("other")));
      } finally {
        victim.resume();
      }

      assertThat(client.expectClose()).isEqualTo(4006);
      patiently().until(() -> alive(other).equals(Set.of("victim", "other")));
      assertThat(get(victim.control("/actuator/prometheus")))
          .contains("drumline_lease_losses_total{reason=\"stood_still\"} 1.0")
          .contains("drumline_closes_total{reason=\"stood_still\"} 1.0");
      bystander.subscribe("sub-0", "/topic/news");
      bystander.publish("/topic/news", "nothing happened here");
      bystander.expectMessage("nothing happened here");
    }
  }
}

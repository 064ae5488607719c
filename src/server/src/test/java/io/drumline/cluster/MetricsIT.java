package io.drumline.cluster;

import static io.drumline.cluster.Peer.join;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.redis.TestRedis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a node counts is what happened. */
class MetricsIT {
  private static final Pattern LABEL = Pattern.compile("[{,](\\w+)=\"");

  private final String name = UUID.randomUUID().toString();
  private Node node;

  @BeforeEach
  void start() {
    node = Node.on(TestRedis.url(), "drumline.redis.probe-interval=100ms");
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void countsMessagesConnectionsAndSubscriptions() {
    try (Swarm swarm = new Swarm()) {
      Peer publisher = swarm.connect(node);
      Peer one = swarm.connect(node);
      Peer two = swarm.connect(node);
      join(one.subscribe("sub-0", "/topic/x" + name));
      join(one.subscribe("sub-1", "/ephemeral/y" + name));
      join(two.subscribe("sub-0", "/topic/x" + name));
      for (int i = 0; i < 3; i++) {
        join(publisher.publish("/topic/x" + name, "x"));
      }
      for (int i = 0; i < 2; i++) {
        join(publisher.publish("/ephemeral/y" + name, "y"));
      }
      join(publisher.publish("/topic/nobody" + name, "z"));
      one.awaitMessages(5);
      two.awaitMessages(3);

      System.gc(); // gauges must not depend on what only they refer to
      node.awaitMetric("drumline_connections", 3);
      node.awaitMetric("drumline_subscriptions", 3);
      node.awaitMetric("drumline_messages_published_total", 6);
      node.awaitMetric("drumline_messages_failed_total", 0);
      node.awaitMetric("drumline_messages_received_total", 5);
      node.awaitMetric("drumline_messages_dropped_total", 0);
      node.awaitMetric("drumline_deliveries_total", 8);
      node.awaitMetric("drumline_upgrades_total{outcome=\"accepted\"}", 3);
      node.awaitMetric("drumline_queue_bytes", 0);
      node.awaitMetric("drumline_backlog_bytes", 0);

      join(one.unsubscribe("sub-1"));
      two.hangUp();
      node.awaitMetric("drumline_connections", 2);
      node.awaitMetric("drumline_subscriptions", 1);
    }
    node.awaitMetric("drumline_connections", 0);
    node.awaitMetric("drumline_subscriptions", 0);
  }

  @Test
  void countsBytesOfBothDirections() throws IOException {
    try (RawWebSocket socket = RawWebSocket.connect(node.port(), "v12.stomp")) {
      int in = text(socket, "CONNECT\naccept-version:1.2\nhost:x\n\n\0");
      int out = framed(socket.next());
      in += text(socket, "SUBSCRIBE\nid:s\ndestination:/topic/" + name + "\nreceipt:r\n\n\0");
      out += framed(socket.next());
      in += text(socket, "SEND\ndestination:/topic/" + name + "\n\n" + "ü".repeat(2000) + "\0");
      out += framed(socket.next());
      node.awaitMetric("drumline_bytes_in_total", in);
      node.awaitMetric("drumline_bytes_out_total", out);
    }
  }

  @Test
  void countsClosesByReason() {
    try (StompClient leaves = node.client();
        StompClient fails = node.client()) {
      leaves.command("DISCONNECT");
      assertThat(leaves.expectClose()).isEqualTo(1000);
      fails.command("SEND");
      fails.expectErrorAndClose();
      node.awaitMetric("drumline_closes_total{reason=\"normal\"}", 1);
      node.awaitMetric("drumline_closes_total{reason=\"protocol_error\"}", 1);
      node.awaitMetric("drumline_closes_total{reason=\"slow_consumer\"}", 0);
      node.awaitMetric("drumline_stomp_errors_total", 1);
    }
  }

  @Test
  void showsRedisAndItsRoundTrip() {
    node.awaitMetric("drumline_redis_up", 1);
    double before = node.metric("drumline_redis_roundtrip_seconds_count");
    Node.patiently().until(() -> node.metric("drumline_redis_roundtrip_seconds_count") > before);
    assertThat(node.metric("drumline_redis_roundtrip_seconds_sum")).isPositive();
    try (StompClient client = node.client()) {
      client.publishConfirmed("/topic/" + name, "counted");
    }
    node.awaitMetric("drumline_redis_publish_seconds_count", 1);
  }

  @Test
  void timesHandshakesResumptionsAndDeliveriesOnceAFlush() {
    try (Swarm swarm = new Swarm()) {
      Peer publisher = swarm.connect(node);
      List<Peer> subscribers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        Peer subscriber = swarm.connect(node);
        join(subscriber.subscribe("sub-0", "/topic/" + name));
        subscribers.add(subscriber);
      }
      node.awaitMetric("drumline_handshake_seconds_count", 11);
      node.awaitMetric("drumline_resume_seconds_count", 0);
      for (int i = 0; i < 16; i++) {
        join(publisher.publish("/topic/" + name, "x"));
      }
      subscribers.forEach(subscriber -> subscriber.awaitMessages(16));
      node.awaitMetric("drumline_deliveries_total", 160);
      int loops = Runtime.getRuntime().availableProcessors();
      Node.patiently()
          .untilAsserted(
              () -> {
                assertThat(node.metric("drumline_fanout_seconds_count"))
                    .isBetween(1.0, 16.0 * loops);
                assertThat(node.metric("drumline_publish_deliver_seconds_count"))
                    .isBetween(1.0, 2.0 * loops);
              });
      assertThat(node.metric("drumline_publish_deliver_seconds_sum")).isPositive();
    }
    try (StompClient client = node.client()) {
      client.send("SUBSCRIBE\nid:r\ndestination:/topic/" + name + "\nreplay:16\n\n\0");
      client.expectMessage("x");
      node.awaitMetric("drumline_resume_seconds_count", 1);
    }
  }

  @Test
  void timesEventLoops() {
    Node.patiently().until(() -> node.metric("drumline_loop_delay_seconds_count") > 4);
  }

  @Test
  void noSeriesNamesUsersSessionsOrDestinations() {
    String session;
    try (StompClient client =
        StompClient.open(node.port(), StompClient.Carriage.TEXT, "v12.stomp")) {
      client.send("CONNECT\naccept-version:1.2\nhost:x\nlogin:" + name + "\npasscode:p\n\n\0");
      session = client.expect("CONNECTED").header("session");
      client.subscribe("id" + name, "/topic/" + name);
      client.publish("/topic/" + name, "hello");
      client.expectMessage("hello");
      client.subscribe("own" + name, "/user/queue/" + name);
      String scrape = node.scrape();
      assertThat(session).isNotBlank();
      assertThat(scrape).contains("drumline_").doesNotContain(name).doesNotContain(session);
      Set<String> labels =
          scrape
              .lines()
              .filter(line -> line.startsWith("drumline_"))
              .flatMap(line -> LABEL.matcher(line).results().map(result -> result.group(1)))
              .collect(Collectors.toSet());
      assertThat(labels)
          .isSubsetOf(
              "command", "kind", "le", "limit", "loop", "outcome", "reason", "state", "task");
    }
  }

  @Test
  void healthHasGroupsForLivenessAndReadiness() {
    assertThat(node.control("/actuator/health").body()).contains("\"status\":\"UP\"");
    assertThat(node.control("/actuator/health/readiness").body())
        .contains("\"backplane\":{\"status\":\"UP\"");
    assertThat(node.control("/actuator/health/liveness").body())
        .contains("\"status\":\"UP\"")
        .doesNotContain("backplane");
  }

  private static int text(RawWebSocket socket, String frame) throws IOException {
    socket.text(frame);
    return frame.getBytes(StandardCharsets.UTF_8).length;
  }

  /** Bytes of a frame with its WebSocket header. */
  private static int framed(RawWebSocket.Frame frame) {
    int length = frame.payload().length;
    return length + (length < 126 ? 2 : 4);
  }
}

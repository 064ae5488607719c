package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What clients and operators see while Redis is unavailable or refuses, and after. */
@ExtendWith(OutputCaptureExtension.class)
class RedisOutageIT {
  private static final String[] IMPATIENT = {
    "drumline.redis.probe-interval=100ms",
    "drumline.redis.reconnect-max=100ms",
    "drumline.redis.publish-timeout=1s"
  };

  private RedisServer redis;

  @BeforeEach
  void prepare() {
    redis = RedisServer.stopped();
  }

  @AfterEach
  void clean() {
    redis.close();
  }

  /** Redis is there: a node that took itself out of load balancing would help nobody. */
  @Test
  void sayWhyRedisRefusesWritesAndServeTheRest(CapturedOutput output) {
    redis.restart();
    try (Node node = Node.on(redis.url(), "drumline.api.anonymous=true", IMPATIENT[0]);
        StompClient subscriber = node.client();
        StompClient sender = node.client()) {
      subscriber.subscribe("sub-0", "/ephemeral/outage");
      TestRedis.with(redis.url(), c -> c.sync().configSet("maxmemory", "1"));

      sender.publish("/topic/outage", "x", "receipt:r");
      assertThat(sender.expect("ERROR", "receipt-id:r").header("message"))
          .isEqualTo(
              "The message was not accepted, because Redis rejected the write; it is out of memory"
                  + " (maxmemory).");
      var problem =
          node.json("POST", "/api/v1/publish", "{\"destination\":\"/topic/a\",\"body\":\"x\"}", "");
      assertThat(problem.statusCode()).isEqualTo(503);
      assertThat(problem.body()).contains("Redis rejected the write; it is out of memory");

      var readiness = node.control("/actuator/health/readiness");
      assertThat(readiness.statusCode()).isEqualTo(200);
      assertThat(readiness.body())
          .contains("\"status\":\"DEGRADED\"", "\"oom\":\"Redis rejects a message")
          .contains(": it is out of memory (maxmemory); raise maxmemory of Redis");
      assertThat(node.healthz()).isEqualTo(200);
      assertThat(node.metric("drumline_redis_degraded{reason=\"oom\"}")).isEqualTo(1);
      assertThat(node.metric("drumline_redis_up")).isEqualTo(1);
      try (StompClient other = node.client()) {
        other.publishConfirmed("/ephemeral/outage", "passes");
        subscriber.expectMessage("passes");
      }
      assertThat(output).contains("(it answered: OOM ").doesNotContain("Redis was away");

      TestRedis.with(redis.url(), c -> c.sync().configSet("maxmemory", "0"));
      Node.patiently()
          .until(
              () -> {
                // The next publications show that it is over; without any it takes a minute.
                node.json(
                    "POST", "/api/v1/publish", "{\"destination\":\"/topic/a\",\"body\":\"x\"}", "");
                return node.control("/actuator/health/readiness")
                    .body()
                    .contains("\"backplane\":{\"status\":\"UP\"");
              });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/topic/outage", "/ephemeral/outage"})
  void clientsStayAndGoOnWhenRedisIsBack(String destination) {
    redis.restart();
    try (Node near = Node.on(redis.url(), IMPATIENT);
        Node far = Node.on(redis.url(), IMPATIENT);
        StompClient subscriber = near.client();
        StompClient remote = far.client();
        StompClient sender = near.client();
        StompClient jvm =
            StompClient.open(near.port(), Carriage.TEXT).connect("1.2", "close-codes:private");
        StompClient joins = far.client()) {
      subscriber.subscribe("sub-0", destination);
      remote.subscribe("sub-0", destination);
      sender.publishConfirmed(destination, "before");
      subscriber.expectMessage("before");
      remote.expectMessage("before");

      redis.kill();
      for (Node node : List.of(near, far)) {
        Node.patiently().until(() -> node.healthz() == 503);
        assertThat(node.refusal()).isEqualTo(503);
        assertThat(node.readiness()).isEqualTo(503);
        assertThat(node.liveness()).isEqualTo(200);
      }
      sender.publish(destination, "lost", "receipt:lost");
      sender.expect("ERROR", "receipt-id:lost", "drumline-reconnect:later");
      assertThat(sender.expectClose()).isEqualTo(1013);
      jvm.publish(destination, "lost");
      jvm.expect("ERROR", "drumline-reconnect:later");
      assertThat(jvm.expectClose()).isEqualTo(4014);
      joins.command("SUBSCRIBE", "id:late", "destination:" + destination, "receipt:joined");

      redis.restart();
      near.awaitReady();
      far.awaitReady();
      joins.expect("RECEIPT", "receipt-id:joined");
      assertThat(near.readiness()).isEqualTo(200);
      try (StompClient again = near.client()) {
        again.publishConfirmed(destination, "after");
      }
      subscriber.expectMessage("after");
      remote.expectMessage("after");
      joins.expectMessage("after");
    }
  }

  @Test
  void nodeThatStartsBeforeRedisIsReadyWhenRedisComes() {
    try (Node node = Node.starting(redis.url(), IMPATIENT)) {
      assertThat(node.healthz()).isEqualTo(503);
      assertThat(node.refusal()).isEqualTo(503);
      assertThat(node.readiness()).isEqualTo(503);
      assertThat(node.liveness()).isEqualTo(200);

      redis.restart();
      node.awaitReady();
      assertThat(node.readiness()).isEqualTo(200);
      try (StompClient client = node.client()) {
        client.subscribe("sub-0", "/topic/early");
        client.publish("/topic/early", "first");
        client.expectMessage("first");
      }
    }
  }

  /** The connections stay, but nothing comes back on them. */
  @Test
  void noticesRedisThatDoesNotAnswer() {
    redis.restart();
    try (Node node = Node.on(redis.url(), IMPATIENT);
        StompClient subscriber = node.client();
        StompClient sender = node.client()) {
      subscriber.subscribe("sub-0", "/topic/stalled");
      redis.pause();
      sender.publish("/topic/stalled", "unknown", "receipt:unknown");
      sender.expect("ERROR", "receipt-id:unknown");
      assertThat(sender.expectClose()).isEqualTo(1013);
      Node.patiently().until(() -> node.healthz() == 503);
      assertThat(node.liveness()).isEqualTo(200);

      redis.resume();
      node.awaitReady();
      assertThat(node.readiness()).isEqualTo(200);
      try (StompClient again = node.client()) {
        again.subscribe("sub-0", "/topic/other");
        again.publish("/topic/other", "after");
        again.expectMessage("after");
      }
    }
  }
}

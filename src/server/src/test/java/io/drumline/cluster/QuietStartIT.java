package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A start says what is wrong with Redis, and nothing where nothing is wrong. */
@ExtendWith(OutputCaptureExtension.class)
class QuietStartIT {
  private static final String[] COMPLAINTS = {
    " WARN ", " ERROR ", "cannot be used", "cannot renew", "cannot be looked up"
  };

  @Test
  void aNodeWhoseRedisIsThereComplainsOfNothing(CapturedOutput output) {
    for (int times = 0; times < 3; times++) { // it is a race
      try (Node node = Node.on(TestRedis.url())) {
        Node.patiently().until(() -> node.metric("drumline_nodes") >= 1);
        assertThat(output)
            .contains("Connected to Redis at", "Ready. Open")
            .doesNotContain(COMPLAINTS);
      }
    }
  }

  @Test
  void aNodeWhoseRedisIsAwaySaysSoOnceAndThenThatItIsReady(CapturedOutput output) {
    try (RedisServer redis = RedisServer.stopped();
        Node node = Node.starting(redis.url(), "drumline.redis.reconnect-max=100ms")) {
      Node.patiently()
          .untilAsserted(
              () ->
                  assertThat(output.getOut())
                      .containsOnlyOnce("has not answered yet (connection refused); retrying")
                      .containsOnlyOnce(" cannot be used: connection refused. Clients")
                      .doesNotContain("Ready. Open"));
      redis.restart();
      node.awaitReady();
      Node.patiently().untilAsserted(() -> assertThat(output.getOut()).contains("Ready. Open"));
      assertThat(output.getOut())
          .contains("Connected to Redis at")
          .containsOnlyOnce("Started, but not ready: ")
          .containsOnlyOnce("Ready. Open")
          .doesNotContain("cannot renew", "Exception");
    }
  }
}

package io.drumline.redis.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.BackplaneStatus.Problem;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class RedisRefusalsTest {
  private final RedisException outOfMemory =
      new RedisCommandExecutionException("OOM command not allowed when used memory > 'maxmemory'.");
  private final RedisException wrongType =
      new RedisCommandExecutionException("WRONGTYPE Operation against a key");

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private long now;
  private final RedisRefusals refusals =
      new RedisRefusals("here", new RedisMetrics(meters), Duration.ofSeconds(5), () -> now);

  @Test
  void isDegradedUntilTheSameOperationSucceedsAgain(CapturedOutput output) {
    assertThat(refusals.failed(Operation.PUBLISH, outOfMemory)).isEqualTo(RedisRefusal.OOM);
    assertThat(refusals.problems()).extracting(Problem::reason).containsExactly("oom");
    assertThat(degraded("oom")).isEqualTo(1);
    assertThat(output)
        .contains("Redis at here rejected a message: it is out of memory (maxmemory); raise")
        .contains("(it answered: OOM command not allowed");

    after(Duration.ofSeconds(6));
    refusals.accepted(Operation.READ);
    assertThat(degraded("oom")).isEqualTo(1);
    refusals.accepted(Operation.PUBLISH);
    assertThat(refusals.problems()).isEmpty();
    assertThat(degraded("oom")).isZero();
    assertThat(output).contains("Redis at here accepts all operations again");
  }

  /** A backlog of messages that Redis refuses is one line and a count, not a line each. */
  @Test
  void manyRefusedMessagesAreOneLineForEachCause(CapturedOutput output) {
    for (int i = 0; i < 628; i++) {
      refusals.failed(Operation.PUBLISH, outOfMemory);
      refusals.failed(Operation.PUBLISH, wrongType);
    }
    assertThat(output.getOut().split("Redis at here rejected a message", -1)).hasSize(3);
    assertThat(meters.get("drumline.redis.refusals").tag("reason", "oom").counter().count())
        .isEqualTo(628);
  }

  @Test
  void doesNotFlickerWhereOneOfManyIsRefused() {
    refusals.failed(Operation.PUBLISH, wrongType);
    after(Duration.ofSeconds(4));
    refusals.accepted(Operation.PUBLISH);
    assertThat(degraded("wrongtype")).isEqualTo(1);
    refusals.failed(Operation.PUBLISH, wrongType);
    after(Duration.ofSeconds(4));
    refusals.accepted(Operation.PUBLISH);
    assertThat(degraded("wrongtype")).isEqualTo(1);
    assertThat(meters.get("drumline.redis.refusals").tag("reason", "wrongtype").counter().count())
        .isEqualTo(2);
  }

  @Test
  void forgetsWhatNobodyAsksForAnyMore() {
    refusals.failed(Operation.SESSION, outOfMemory);
    after(Duration.ofSeconds(59));
    refusals.accepted(Operation.LEASE);
    assertThat(degraded("oom")).isEqualTo(1);
    after(Duration.ofSeconds(1));
    refusals.accepted(Operation.LEASE);
    assertThat(degraded("oom")).isZero();
  }

  @Test
  void saysWhyTheBackplaneIsUnavailableWhereRedisSaidIt() {
    assertThat(refusals.unavailable("X")).isEqualTo("X; the backplane is unavailable.");
    refusals.failed(
        Operation.CONNECT, new RedisCommandExecutionException("LOADING Redis is loading"));
    assertThat(refusals.unavailable("X"))
        .isEqualTo(
            "X, because Redis rejected this node's connection; it is loading its data into"
                + " memory.");
    refusals.accepted(Operation.CONNECT);
    assertThat(refusals.unavailable("X")).isEqualTo("X; the backplane is unavailable.");
  }

  @Test
  void aLostConnectionIsNoRefusal() {
    assertThat(refusals.failed(Operation.READ, new RedisException("Connection closed"))).isNull();
    assertThat(refusals.problems()).isEmpty();
  }

  private double degraded(String reason) {
    return meters.get("drumline.redis.degraded").tag("reason", reason).gauge().value();
  }

  private void after(Duration time) {
    now += time.toNanos();
  }
}

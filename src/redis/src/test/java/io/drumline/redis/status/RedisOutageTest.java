package io.drumline.redis.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class RedisOutageTest {
  private final AtomicLong clock = new AtomicLong(7);
  private final RedisOutage outage = new RedisOutage("redis:6379", clock::get);

  private void after(Duration time) {
    clock.addAndGet(time.toNanos());
  }

  private static List<String> lines(CapturedOutput output) {
    return output.getOut().lines().filter(line -> line.contains("redis:6379")).toList();
  }

  @Test
  void aFirstAnswerThatTakesAMomentIsNoOutage(CapturedOutput output) {
    outage.lasts("it does not answer");
    outage.lasts("the connection was closed");
    after(Duration.ofSeconds(4));
    outage.lasts("connection refused");
    assertThat(lines(output))
        .singleElement()
        .asString()
        .contains("INFO")
        .contains("Redis at redis:6379 has not answered yet (it does not answer); retrying");
    outage.over();
    assertThat(lines(output)).hasSize(2).last().asString().contains("Connected to Redis at");
  }

  @Test
  void anOutageIsToldOnceAndAgainEveryHalfMinute(CapturedOutput output) {
    outage.over();
    outage.lasts("the connection was closed");
    outage.lasts("connection refused");
    assertThat(lines(output))
        .hasSize(2)
        .last()
        .asString()
        .contains("WARN")
        .contains("Redis at redis:6379 cannot be used: the connection was closed; retrying");
    after(Duration.ofSeconds(31));
    outage.lasts("connection refused");
    assertThat(lines(output)).hasSize(3).last().asString().contains("used: connection refused; ");
  }

  @Test
  void whatRedisAnswersIsToldAtOnce(CapturedOutput output) {
    outage.lasts("it does not answer");
    outage.lasts("LOADING Redis is loading the dataset in memory");
    assertThat(lines(output)).hasSize(2).last().asString().contains("WARN", "it is loading");
    outage.lasts("NOAUTH Authentication required");
    assertThat(lines(output)).hasSize(3).last().asString().contains("WARN", "the credentials");
    outage.lasts("ERR max number of clients reached");
    assertThat(lines(output)).hasSize(4).last().asString().contains("WARN", "max number of");
    outage.lasts("ERR max number of clients reached");
    assertThat(lines(output)).hasSize(4);
  }

  @Test
  void aStartWithoutRedisIsAnOutageAfterAWhile(CapturedOutput output) {
    outage.lasts("connection refused");
    after(Duration.ofSeconds(5));
    outage.lasts("connection refused");
    assertThat(lines(output)).hasSize(2).last().asString().contains("WARN", "cannot be used: ");
    assertThat(outage.reason()).isEqualTo("connection refused");
    outage.lasts("NOAUTH Authentication required");
    assertThat(outage.reason()).startsWith("it does not accept the credentials; check ");
  }
}

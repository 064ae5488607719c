package io.drumline.redis.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.redis.command.ErrorReply;
import io.drumline.redis.command.RedisScript;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What publish.lua does with commands that come late, again or in another order. */
final class PublishScriptIT {
  private static final String SCRIPT =
      new String(RedisScript.load("publish.lua").source(), StandardCharsets.UTF_8);
  private static final long HOUR_MILLIS = 3_600_000;
  private static final String FIRST_TIME = "";
  private static final String AGAIN = "1000"; // at most so many milliseconds ago

  private final String prefix = UUID.randomUUID() + ":{/topic/x}";
  private final String meta = prefix + ":m";
  private final String stream = prefix + ":s";
  private RedisClient client;
  private StatefulRedisConnection<String, String> connection;
  private RedisCommands<String, String> redis;

  @BeforeEach
  void connect() {
    client = RedisClient.create(TestRedis.url());
    connection = client.connect();
    redis = connection.sync();
  }

  @AfterEach
  void close() {
    redis.del(meta, stream);
    client.shutdown();
  }

  /** The messages of one node, numbered as it sends them. */
  private List<Object> publish(int number, String time) {
    return redis.eval(
        SCRIPT,
        ScriptOutputType.MULTI,
        new String[] {meta, stream},
        "epoch",
        "id-" + number,
        "envelope-" + number,
        "256",
        "1000000",
        "300000",
        "p:node",
        Integer.toString(number),
        time);
  }

  private static List<Object> at(long offset) {
    return List.of("epoch", offset);
  }

  private void refuses(int number, String time) {
    long stored = redis.xlen(stream);
    assertThatThrownBy(() -> publish(number, time))
        .isInstanceOf(RedisCommandExecutionException.class)
        .matches(ErrorReply::isOvertaken);
    assertThat(redis.xlen(stream)).isEqualTo(stored);
  }

  @Test
  void aFirstCopyBehindALaterMessageIsRefused() {
    assertThat(publish(5, FIRST_TIME)).isEqualTo(at(1));
    refuses(5, FIRST_TIME);
    refuses(4, FIRST_TIME);
    assertThat(publish(6, FIRST_TIME)).isEqualTo(at(2));
  }

  @Test
  void whatIsSentAgainIsFound() {
    for (int number = 1; number <= 200; number++) {
      publish(number, FIRST_TIME);
    }
    for (int number = 1; number <= 200; number++) {
      assertThat(publish(number, AGAIN)).isEqualTo(at(number));
    }
    assertThat(redis.xlen(stream)).isEqualTo(200);
  }

  @Test
  void whatIsSentAgainIsFoundThoughRedisClockWasSetMeanwhile() {
    for (int number = 1; number <= 200; number++) {
      publish(number, FIRST_TIME);
    }
    String later = "-600000"; // as if the clock were ten minutes ahead by now
    for (int number = 1; number <= 200; number++) {
      assertThat(publish(number, later)).isEqualTo(at(number));
    }
    assertThat(redis.xlen(stream)).isEqualTo(200);
  }

  /** Redis had refused it, or never saw it, and then took one that was sent later. */
  @Test
  void whatIsSentAgainAndWasOvertakenIsRefused() {
    publish(1, FIRST_TIME);
    publish(3, FIRST_TIME);
    refuses(2, AGAIN);
    assertThat(publish(4, AGAIN)).isEqualTo(at(3));
  }

  @Test
  void whatIsSentAgainAndWasTrimmedIsNotStoredAgain() {
    publish(1, FIRST_TIME);
    publish(2, FIRST_TIME);
    redis.xtrim(stream, 1);
    assertThat(publish(1, AGAIN)).isEqualTo(List.of("", 0L));
    redis.del(stream);
    assertThat(publish(2, AGAIN)).isEqualTo(at(2));
    assertThat(redis.exists(stream)).isZero();
  }

  @Test
  void publishersAreNotForgottenBecauseRedisClockIsAhead() {
    for (int node = 0; node < 100; node++) {
      redis.hset(meta, "p:node" + node, "5"); // long ago for Redis, not for the publishers
    }
    redis.hset(meta, "w", "0"); // it is time to tidy up
    publish(6, FIRST_TIME);
    assertThat(redis.hgetall(meta)).containsKeys("p:node0", "p:node99", "p:node");
  }

  /** It would wait for as long as the clock was set back. */
  @Test
  void tidiesUpAfterRedisClockWasSetBack() {
    publish(1, FIRST_TIME);
    long now = Long.parseLong(redis.time().get(0)) * 1000;
    redis.hset(meta, "w", Long.toString(now + 2 * HOUR_MILLIS));
    publish(2, FIRST_TIME);
    assertThat(Long.parseLong(redis.hget(meta, "w"))).isLessThan(now + HOUR_MILLIS);
  }

  /** Another run of a node has numbers of its own; a wiped Redis knows no numbers. */
  @Test
  void aDestinationThatBeginsAgainTakesAnyNumber() {
    publish(5, FIRST_TIME);
    redis.del(meta, stream);
    assertThat(publish(5, AGAIN)).isEqualTo(at(1));
  }
}

package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.History;
import io.drumline.backplane.Inbox;
import io.drumline.backplane.Retention;
import io.drumline.backplane.Retentions;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.DestinationPattern;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import io.drumline.redis.format.RedisKeys;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.sync.RedisCommands;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Redis holds of a destination, and what becomes of it when it goes. */
final class RedisHistoryIT {
  private static final long DAY = Duration.ofDays(1).toSeconds();

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Inbox inbox = new Inbox();
  private final Destination destination = Destination.parse("/topic/" + UUID.randomUUID());
  private final String meta = new RedisKeys("drumline:").meta(destination);
  private final String stream = new RedisKeys("drumline:").stream(destination);
  private RedisBackplane backplane = open(Retentions.DEFAULTS);

  private RedisBackplane open(Retentions retentions) {
    return Backplanes.patient(TestRedis.url(), meters, retentions);
  }

  @BeforeEach
  void start() {
    backplane.start(inbox);
    await().until(backplane::available);
  }

  @AfterEach
  void close() {
    backplane.close();
  }

  @Test
  void boundsTheStream() throws Exception {
    backplane.close();
    backplane =
        open(
            new Retentions(
                List.of(
                    new Retentions.Rule(
                        DestinationPattern.parse("/topic/**"),
                        new Retention(500, 256 << 10, Duration.ofMinutes(5))))));
    start();
    Random random = new Random(1);
    for (int round = 0; round < 50; round++) {
      List<CompletableFuture<String>> publishing = new ArrayList<>();
      // Small ones at first, so that the count bounds; then such that the bytes do.
      int most = round < 25 ? 100 : 8000;
      for (int i = 0; i < 100; i++) {
        publishing.add(publish(new byte[random.nextInt(most)]));
      }
      for (CompletableFuture<String> id : publishing) {
        id.get(20, SECONDS);
      }
      List<StreamMessage<String, String>> entries =
          redis(commands -> commands.xrange(stream, io.lettuce.core.Range.unbounded()));
      assertThat(entries.size()).isLessThanOrEqualTo(600);
      assertThat(
              entries.stream()
                  .mapToLong(entry -> entry.getBody().getOrDefault("v", "").length())
                  .sum())
          .isLessThanOrEqualTo(256 * 1024 * 9 / 8 + 8192);
      assertThat(entries.size())
          .isGreaterThanOrEqualTo(round < 25 ? Math.min(500, 100 * round) : 30);
    }
    History end = read(0, 1024);
    long first = end.first();
    assertThat(end.publications().get(0).position().offset()).isEqualTo(first);
    assertThat(end.publications()).extracting(Publication::id).doesNotHaveDuplicates();
    assertThat(read(5000 - 1, 1).publications()).hasSize(1);
    long memory = redis(commands -> commands.memoryUsage(stream));
    assertThat(memory).isLessThan(800_000);
  }

  @Test
  void letsWhatIsIdleExpire() throws Exception {
    assertThat(
            backplane.read(destination, 0, 0, true).toCompletableFuture().get(10, SECONDS).last())
        .isNotNull();
    assertThat(ttl(meta)).isBetween(3500L, 3600L);
    publish("x");
    publish("y");
    assertThat(ttl(meta)).isBetween(6 * DAY, 7 * DAY);
    assertThat(ttl(stream)).isBetween(300L, 400L);
    redis(commands -> commands.expire(meta, 100));
    read(0, 0);
    assertThat(ttl(meta)).isBetween(6 * DAY, 7 * DAY);
  }

  @Test
  void remembersPublishersIdsForFiveMinutes() throws Exception {
    backplane
        .publish(new Draft(destination, new byte[0], new byte[0], "a b", null))
        .toCompletableFuture()
        .get(10, SECONDS);
    String key = new RedisKeys("drumline:").published(destination, "a b");
    assertThat(ttl(key)).isBetween(290L, 300L);
  }

  @Test
  void goesOnWithoutAnEvictedStream() throws Exception {
    publish("one");
    String two = publish("two");
    redis(commands -> commands.del(stream));
    History history = read(0, 10);
    assertThat(history.first()).isEqualTo(3);
    assertThat(history.last()).isNotNull().matches(last -> last.messageId().equals(two));
    assertThat(history.publications()).isEmpty();
    publish("three");
    history = read(0, 10);
    assertThat(history.first()).isEqualTo(3);
    assertThat(bodies(history)).containsExactly("three");
    assertThat(two).endsWith(history.publications().get(0).previousId());
    assertThat(ttl(stream)).isBetween(300L, 400L);
  }

  @Test
  void beginsAnEpochWhereItsMetaWasEvicted() throws Exception {
    publish("one");
    String two = publish("two");
    redis(commands -> commands.del(meta));
    assertThat(read(0, 10).last()).isNull();
    String three = publish("three");
    assertThat(Cursor.parse(three).epoch()).isNotEqualTo(Cursor.parse(two).epoch());
    History history = read(0, 10);
    assertThat(history.first()).isEqualTo(1);
    assertThat(bodies(history)).containsExactly("three");
    assertThat(history.publications().get(0).previousId()).isEmpty();

    redis(commands -> commands.del(meta));
    history = backplane.read(destination, 0, 10, true).toCompletableFuture().get(10, SECONDS);
    assertThat(history.last()).isNotNull().matches(last -> last.offset() == 0);
    assertThat(history.publications()).isEmpty();
    long streams = redis(commands -> commands.exists(stream));
    assertThat(streams).isZero();
  }

  @Test
  void readsAfterTheScriptsWereFlushed() throws Exception {
    publish("x");
    redis(RedisCommands::scriptFlush);
    List<CompletableFuture<History>> reading = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      reading.add(backplane.read(destination, 0, 1, false).toCompletableFuture());
    }
    for (CompletableFuture<History> history : reading) {
      assertThat(bodies(history.get(10, SECONDS))).containsExactly("x");
    }
  }

  @Test
  void skipsEntriesThatAreNoEnvelopes() throws Exception {
    publish("one");
    noise(2, Map.of("v", "noise"));
    noise(3, Map.of("x", "noise"));
    noise(4, Map.of("v", ""));
    publish("five");
    publish("six");
    assertThat(bodies(read(0, 10))).containsExactly("one");
    History rest = read(1, 10);
    assertThat(bodies(rest)).containsExactly("five", "six");
    assertThat(rest.publications().get(0).position().offset()).isEqualTo(5);
    assertThat(meters.counter("drumline.redis.envelopes.invalid").count())
        .isGreaterThanOrEqualTo(4);
  }

  @Test
  void forgetsPublishersThatAreGone() throws Exception {
    publish("x");
    long longAgo = System.currentTimeMillis() * 1000 - Duration.ofHours(2).toNanos() / 1000;
    for (int i = 0; i < 100; i++) {
      String name = "p:gone" + i;
      redis(commands -> commands.hset(meta, name, Long.toString(longAgo)));
    }
    redis(commands -> commands.hset(meta, "p:there", Long.toString(longAgo * 2)));
    redis(commands -> commands.hset(meta, "w", "0")); // it is time to tidy up
    publish("y");
    assertThat(redis(commands -> commands.hkeys(meta)).stream().filter(key -> key.startsWith("p:")))
        .hasSize(2)
        .contains("p:there");
  }

  @Test
  void closesTwice() {
    backplane.close();
    backplane.close();
    assertThat(backplane.available()).isFalse();
  }

  private void noise(int offset, Map<String, String> fields) {
    redis(
        commands -> {
          commands.xadd(stream, XAddArgs.Builder.nomkstream().id(offset + "-0"), fields);
          return commands.hset(meta, "o", Integer.toString(offset));
        });
  }

  private static long ttl(String key) {
    return redis(commands -> commands.ttl(key));
  }

  private static <T> T redis(Function<RedisCommands<String, String>, T> task) {
    return TestRedis.with(TestRedis.url(), connection -> task.apply(connection.sync()));
  }

  private CompletableFuture<String> publish(byte[] body) {
    return backplane.publish(new Draft(destination, new byte[0], body)).toCompletableFuture();
  }

  private String publish(String body) throws Exception {
    return publish(body.getBytes(UTF_8)).get(10, SECONDS);
  }

  private History read(long after, int count) throws Exception {
    return backplane.read(destination, after, count, false).toCompletableFuture().get(10, SECONDS);
  }

  private static List<String> bodies(History history) {
    return history.publications().stream().map(p -> new String(p.body(), UTF_8)).toList();
  }
}

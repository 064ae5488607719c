package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.History;
import io.drumline.backplane.Inbox;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.format.RedisKeys;
import io.drumline.testing.redis.ClusteredRedis;
import io.drumline.testing.redis.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Slots on their way to a master that has none, on Redis 6.2, which says ASK more often than later
 * ones. No move is ended: that master never has a slot.
 */
final class SlotMoveIT {
  private static final RedisKeys KEYS = new RedisKeys("drumline:");

  private static ClusteredRedis redis;

  @SuppressWarnings("NullAway.Init") // before each
  private RedisBackplane backplane;

  @BeforeAll
  static void startRedis() {
    redis = ClusteredRedis.ofOldest();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @BeforeEach
  void start() {
    backplane =
        Backplanes.ofCluster(
            redis.nodes().split(",", 2)[0],
            new SimpleMeterRegistry(),
            "--drumline.redis.publish-timeout=20s",
            "--drumline.redis.command-timeout=20s",
            "--drumline.redis.probe-interval=5s");
    backplane.start(new Inbox());
    await().until(backplane::available);
  }

  @AfterEach
  void stop() {
    backplane.close();
  }

  @Test
  void aMasterWithoutSlotsTakesWhatIsOnItsWayToIt() throws Exception {
    Destination topic = Destination.parse("/topic/first-slot");
    publish(topic, "before", null).get(10, SECONDS);
    beginMove(topic);
    moveKeys(topic);
    publish(topic, "after", null).get(10, SECONDS);
    assertThat(bodies(topic)).containsExactly("before", "after");
  }

  /** The message's id is a key that is missing: on 6.2 that alone is ASK. */
  @Test
  void whatIsNewDoesNotOvertakeItsDestination() throws Exception {
    Destination topic = Destination.parse("/topic/new-id");
    publish(topic, "before", null).get(10, SECONDS);
    beginMove(topic);
    int asks = asks();
    CompletableFuture<String> mine = publish(topic, "with an id", "mine");
    await().until(() -> asks() > asks);
    moveKeys(topic);
    mine.get(20, SECONDS);
    assertThat(bodies(topic)).containsExactly("before", "with an id");
  }

  /** Nothing is stored there: the stream is a key that is missing. */
  @Test
  void readingBeginsNoSecondOrder() throws Exception {
    Destination topic = Destination.parse("/topic/empty");
    History before = read(topic);
    beginMove(topic);
    assertThatThrownBy(() -> read(topic)).hasCauseInstanceOf(BackplaneException.class);
    moveKeys(topic);
    assertThat(read(topic).last()).isNotNull().isEqualTo(before.last());
  }

  private static void beginMove(Destination topic) {
    redis.beginMove(KEYS.meta(topic), 0, 1);
  }

  private static void moveKeys(Destination topic) {
    redis.moveKeys(KEYS.meta(topic), 0, 1);
  }

  private static int asks() {
    Matcher count =
        Pattern.compile("errorstat_ASK:count=(\\d+)")
            .matcher(TestRedis.with(redis.master(0).url(), c -> c.sync().info("errorstats")));
    return count.find() ? Integer.parseInt(count.group(1)) : 0;
  }

  private CompletableFuture<String> publish(Destination topic, String body, @Nullable String id) {
    Draft draft = new Draft(topic, new byte[0], body.getBytes(UTF_8), id, null);
    return backplane.publish(draft).toCompletableFuture();
  }

  private History read(Destination topic) throws Exception {
    return backplane.read(topic, 0, 10, true).toCompletableFuture().get(20, SECONDS);
  }

  private List<String> bodies(Destination topic) throws Exception {
    return read(topic).publications().stream()
        .map(publication -> new String(publication.body(), UTF_8))
        .toList();
  }
}

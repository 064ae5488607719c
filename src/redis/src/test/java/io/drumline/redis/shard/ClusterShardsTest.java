package io.drumline.redis.shard;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.loop.Periodic;
import io.drumline.loop.TaskGuard;
import io.drumline.redis.Backplanes;
import io.drumline.redis.connection.ClusterMaster;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.history.ReadScript;
import io.drumline.redis.publish.PendingPublications;
import io.drumline.redis.publish.PublishScript;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.status.RedisMetrics;
import io.drumline.redis.status.RedisRefusals;
import io.drumline.redis.status.SpareOutage;
import io.drumline.testing.redis.FakeRedis;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulConnection;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Time passes when the test says so. */
class ClusterShardsTest {
  private final EmbeddedChannel time = new EmbeddedChannel();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final RedisSettings properties = Backplanes.settings(Map.of());
  private final RedisMetrics metrics = new RedisMetrics(meters);
  private final RedisRefusals refusals =
      new RedisRefusals("here", metrics, Duration.ofSeconds(5), System::nanoTime);
  private final TaskGuard guard = new Periodic(meters).guard("redis_link");
  private final Told told = new Told();
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private List<ClusterMaster> masters = List.of(master(1, 0, 16384), master(2, 0, 0));
  private int refused;
  private boolean refuses = true;
  private final ClusterShards shards = shards();

  private static final class Told implements ShardWatcher {
    final List<String> downs = new ArrayList<>();
    int ups;
    int tries;

    @Override
    public void available() {
      ups++;
    }

    @Override
    public void restored() {}

    @Override
    public void tried() {
      tries++;
    }

    @Override
    public void unavailable(String reason) {
      downs.add(reason);
    }
  }

  @BeforeEach
  void start() {
    log.start();
    ((Logger) LoggerFactory.getLogger(SpareOutage.class)).addAppender(log);
    time.freezeTime();
    shards.start();
  }

  @AfterEach
  void close() {
    ((Logger) LoggerFactory.getLogger(SpareOutage.class)).detachAppender(log);
    time.finishAndReleaseAll();
  }

  @Test
  void masterWithoutSlotsThatCannotBeUsedIsToldOnceAndIsNoProblem() {
    pass(60);
    assertThat(refused).isGreaterThan(5);
    assertThat(told.ups).isEqualTo(1);
    assertThat(told.downs).isEmpty();
    assertThat(refusals.problems()).isEmpty();
    assertThat(lines(Level.WARN)).hasSize(1).first().asString().contains("redis-2:6379", "NOAUTH");

    refuses = false;
    pass(10);
    assertThat(lines(Level.INFO)).hasSize(1);
    assertThat(told.ups).isEqualTo(2);
  }

  /** What any master takes waits for the first attempt of one. */
  @Test
  void mastersThatAllHaveNoSlotsAreToldOf() {
    masters = List.of(master(2, 0, 0));
    pass(1);
    assertThat(told.tries).isPositive();
    int ups = told.ups;
    refuses = false;
    pass(10);
    assertThat(told.ups).isEqualTo(ups + 1);
  }

  @Test
  void masterThatIsGivenNoSlotsAnyMoreIsNoProblem() {
    loseWhatTheSecondHas(List.of(master(1, 0, 16384), master(2, 0, 0)));
  }

  @Test
  void masterThatHasLeftIsNoProblem() {
    loseWhatTheSecondHas(List.of(master(1, 0, 16384)));
  }

  private void loseWhatTheSecondHas(List<ClusterMaster> then) {
    masters = List.of(master(1, 0, 16383), master(2, 16383, 16384));
    pass(10);
    assertThat(refusals.problems()).hasSize(1);
    assertThat(told.downs).isNotEmpty();
    int ups = told.ups;
    masters = then;
    shards.refresh();
    pass(1);
    assertThat(refusals.problems()).isEmpty();
    assertThat(told.ups).isEqualTo(ups + 1);
  }

  @Test
  void whatItLacksIsAProblemOnceItHasSlots() {
    pass(1);
    masters = List.of(master(1, 0, 16383), master(2, 16383, 16384));
    shards.refresh();
    pass(60);
    assertThat(told.downs).isNotEmpty().allMatch(reason -> reason.startsWith("NOAUTH"));
    assertThat(refusals.problems()).hasSize(1);
    assertThat(lines(Level.WARN)).hasSize(1);
  }

  private ClusterShards shards() {
    RedisKeys keys = new RedisKeys("drumline:");
    MessageIds ids = new MessageIds();
    ShardContext context =
        new ShardContext(
            properties,
            metrics,
            refusals,
            time.eventLoop(),
            new PublishScript(keys, ids, Retentions.DEFAULTS, properties.publishTimeout()),
            new ReadScript(keys, ids, Retentions.DEFAULTS, new InvalidEnvelopes(metrics)),
            new PendingPublications(properties, metrics, refusals, guard),
            "probe",
            told,
            guard);
    return new ClusterShards(
        "here", () -> CompletableFuture.completedFuture(masters), this::connection, keys, context);
  }

  /** The second master refuses. */
  private CompletionStage<StatefulConnection<String, byte[]>> connection(ClusterMaster master) {
    if (refuses && master.address().contains("2:")) {
      refused++;
      return CompletableFuture.failedFuture(noAuth());
    }
    return CompletableFuture.completedFuture(new FakeRedis().connection);
  }

  private static RedisCommandExecutionException noAuth() {
    return new RedisCommandExecutionException("NOAUTH Authentication required.");
  }

  private static ClusterMaster master(int number, int from, int to) {
    return new ClusterMaster(
        RedisURI.create("redis-" + number, 6379), IntStream.range(from, to).boxed().toList());
  }

  private void pass(int seconds) {
    for (int i = 0; i < 20 * seconds; i++) {
      time.advanceTimeBy(50, TimeUnit.MILLISECONDS);
      time.runScheduledPendingTasks();
      time.runPendingTasks();
    }
  }

  private List<String> lines(Level level) {
    return log.list.stream()
        .filter(event -> event.getLevel() == level)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }
}

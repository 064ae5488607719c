package io.drumline.redis;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.ControlChannelContract;
import io.drumline.backplane.Inbox;
import io.drumline.backplane.Notice;
import io.drumline.backplane.Retentions;
import io.drumline.redis.state.RedisControl;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class RedisControlIT extends ControlChannelContract {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<RedisBackplane> nodes = new ArrayList<>();

  @BeforeEach
  void start() {
    node(TestRedis.url());
    node(TestRedis.url());
  }

  @AfterEach
  void close() {
    nodes.forEach(RedisBackplane::close);
  }

  @Override
  protected ControlChannel first() {
    return nodes.get(0).control();
  }

  @Override
  protected ControlChannel second() {
    return nodes.get(1).control();
  }

  private RedisBackplane node(String url, String... settings) {
    RedisBackplane node = Backplanes.patient(url, meters, Retentions.DEFAULTS, settings);
    nodes.add(node);
    node.start(new Inbox());
    await().until(node::available);
    return node;
  }

  @Test
  void listenersAreToldThatTheyMayHaveMissedNoticesAndHearAgain() throws Exception {
    Ear ear = ear(first());
    int before = ear.interruptions();

    TestRedis.with(TestRedis.url(), c -> c.sync().clientKill(KillArgs.Builder.typePubsub()));

    await().until(() -> ear.interruptions() > before);
    await().until(nodes.get(0)::available);
    tell(first(), Notice.of(kind));
    await().untilAsserted(() -> assertThat(ear.heard).containsExactly(Notice.of(kind)));
  }

  @Test
  void whoListensBeforeRedisIsThereHearsOnceItComes() throws Exception {
    try (RedisServer redis = RedisServer.stopped()) {
      RedisBackplane node = Backplanes.at(redis.url(), meters);
      nodes.add(node);
      Ear ear = new Ear();
      node.control().listen(kind, ear);
      node.start(new Inbox());
      assertThatThrownBy(() -> tell(node.control(), Notice.of(kind)))
          .hasRootCauseInstanceOf(BackplaneException.class)
          .hasRootCauseMessage("The nodes cannot be told now; the backplane is unavailable.");
      assertThat(ear.interruptions()).isZero();

      redis.restart();

      await().until(() -> ear.interruptions() == 1 && node.available());
      tell(node.control(), Notice.of(kind));
      await().until(() -> ear.heard.size() == 1);
    }
  }

  @Test
  void dropsAndCountsWhatIsNoNotice() throws Exception {
    Ear ear = ear(first());
    double before = meters.counter("drumline.redis.envelopes.invalid").count();

    for (String foreign : List.of("", "\2\4kick\0", "hello", "x".repeat(1 << 20))) {
      TestRedis.with(TestRedis.url(), c -> c.sync().publish("drumline:control", foreign));
    }
    tell(first(), Notice.of(kind));

    await().untilAsserted(() -> assertThat(ear.heard).containsExactly(Notice.of(kind)));
    // Both nodes have heard them.
    await()
        .untilAsserted(
            () ->
                assertThat(meters.counter("drumline.redis.envelopes.invalid").count() - before)
                    .isEqualTo(8));
  }

  @Test
  void refusesMoreThanItHoldsForRedis() throws Exception {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node = node(redis.url(), "--drumline.redis.probe-interval=20s");
      redis.pause();
      List<CompletableFuture<Void>> telling = new ArrayList<>();
      for (int i = 0; i <= RedisControl.MAX_CALLS; i++) {
        telling.add(node.control().tell(Notice.of(kind)).toCompletableFuture());
      }
      assertThatThrownBy(() -> telling.get(RedisControl.MAX_CALLS).get(10, SECONDS))
          .hasRootCauseMessage("The nodes cannot be told now; the backplane is overloaded.");
      redis.resume();
      for (int i = 0; i < RedisControl.MAX_CALLS; i++) {
        telling.get(i).get(20, SECONDS);
      }
    }
  }

  @Test
  void saysSoWhereRedisDoesNotAnswer() {
    try (RedisServer redis = RedisServer.start()) {
      RedisBackplane node =
          node(
              redis.url(),
              "--drumline.redis.probe-interval=20s",
              "--drumline.redis.command-timeout=100ms");
      redis.pause();
      assertThatThrownBy(() -> tell(node.control(), Notice.of(kind)))
          .hasCauseInstanceOf(BackplaneException.class)
          .cause()
          .hasMessage("The nodes cannot be told now; the backplane does not answer.");
      redis.resume();
    }
  }
}

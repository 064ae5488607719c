package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.History;
import io.drumline.backplane.Inbox;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import io.drumline.testing.TcpProxy;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the backplane does when a Redis of its own fails. */
final class RedisFaultsIT {
  private static final Destination TOPIC = Destination.parse("/topic/faults");

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Inbox inbox = new Inbox();
  private final Deque<Runnable> closers = new ArrayDeque<>();

  @SuppressWarnings("NullAway.Init") // every test opens it
  private RedisBackplane backplane;

  @AfterEach
  void close() {
    closers.forEach(Runnable::run);
  }

  @Test
  void startsWithoutRedisAndRecovers() throws Exception {
    RedisServer redis = closing(RedisServer.stopped());
    open(redis.url());
    CompletableFuture<Void> subscribed = backplane.subscribe(TOPIC).toCompletableFuture();
    assertThat(backplane.available()).isFalse();
    assertThat(subscribed).isNotDone();
    assertThat(meters.get("drumline.redis.up").gauge().value()).isZero();
    redis.restart();
    subscribed.get(20, SECONDS);
    await().until(backplane::available);
    publish("hello");
    await().until(() -> inbox.of(TOPIC).size() == 1);
  }

  @Test
  void resubscribesAfterRedisWasRestarted() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    open(redis.url());
    await().until(backplane::available);
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    String before = publish("before");
    await().until(() -> inbox.of(TOPIC).size() == 1);
    redis.kill();
    await().until(() -> !backplane.available());
    Destination during = Destination.parse("/topic/during");
    CompletableFuture<Void> subscribed = backplane.subscribe(during).toCompletableFuture();
    redis.restart();
    subscribed.get(20, SECONDS);
    await().until(backplane::available);
    assertThat(read().last()).isNull();
    assertThat(inbox.interruptions()).containsExactly(TOPIC);
    publish("after");
    await().until(() -> inbox.of(TOPIC).size() == 2);
    assertThat(read().publications()).hasSize(1);
    // Redis came back empty: a new epoch, which begins with its first message.
    Publication after = inbox.of(TOPIC).get(1);
    assertThat(before).doesNotContain(after.position().epoch());
    assertThat(after.position().offset()).isEqualTo(1);
    assertThat(after.previousId()).isEmpty();
    assertThat(meters.counter("drumline.redis.reconnects").count()).isEqualTo(2);
  }

  @Test
  void goesOnCountingWhenRedisKeptItsData() throws Exception {
    RedisServer redis =
        closing(RedisServer.start("--appendonly", "yes", "--appendfsync", "always"));
    open(redis.url());
    await().until(backplane::available);
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    publish("before");
    redis.stop();
    await().until(() -> !backplane.available());
    redis.restart();
    await().until(backplane::available);
    publish("after");
    await().until(() -> inbox.of(TOPIC).size() == 2);
    Publication after = inbox.of(TOPIC).get(1);
    assertThat(after.position().offset()).isEqualTo(2);
    assertThat(after.previousId()).isEqualTo(inbox.of(TOPIC).get(0).id());
    assertThat(read().publications()).usingRecursiveComparison().isEqualTo(inbox.of(TOPIC));
  }

  @Test
  void failsPublishesWhileRedisIsAway() {
    RedisServer redis = closing(RedisServer.start());
    open(redis.url());
    await().until(backplane::available);
    redis.kill();
    await().until(() -> !backplane.available());
    assertThatThrownBy(() -> publish("x"))
        .hasRootCauseMessage("The message was not accepted; the backplane is unavailable.");
    assertThat(meters.counter("drumline.redis.publish.failures").count()).isEqualTo(1);
    assertThatThrownBy(this::read)
        .hasRootCauseMessage("The history cannot be read; the backplane is unavailable.");
    assertThat(meters.counter("drumline.redis.read.failures").count()).isEqualTo(1);
  }

  @Test
  void doesNotKnowWhatBecameOfPublicationsThatRedisDoesNotAnswer() {
    RedisServer redis = closing(RedisServer.start());
    open(
        redis.url(),
        "--drumline.redis.publish-timeout=250ms",
        "--drumline.redis.probe-interval=10s");
    await().until(backplane::available);
    redis.pause();
    assertThatThrownBy(() -> publish("x"))
        .hasRootCauseMessage(
            "It is not known whether the message was accepted; the backplane did not answer in"
                + " time.");
    redis.resume();
  }

  @Test
  void recoversAfterRedisWasPaused() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    open(redis.url());
    await().until(backplane::available);
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    redis.pause();
    await().until(() -> !backplane.available());
    redis.resume();
    await().atMost(20, SECONDS).until(backplane::available);
    publish("after");
    await().until(() -> inbox.of(TOPIC).size() == 1);
  }

  @Test
  void replacesASilentPubSubConnection() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    TcpProxy proxy = new TcpProxy(redis.port());
    closers.push(proxy::close);
    open(proxy.url());
    await().until(backplane::available);
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    assertThat(proxy.silence("SUBSCRIBE")).isEqualTo(1);
    await().until(() -> meters.counter("drumline.redis.reconnects").count() == 1);
    await().until(backplane::available);
    publish("after");
    await().until(() -> inbox.of(TOPIC).size() == 1);
    assertThat(meters.counter("drumline.redis.publish.failures").count()).isZero();
  }

  @Test
  void replacesASilentPublishingConnection() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    TcpProxy proxy = new TcpProxy(redis.port());
    closers.push(proxy::close);
    open(proxy.url());
    await().until(backplane::available);
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    assertThat(proxy.silence("SCRIPT")).isEqualTo(1);
    // What is sent reaches Redis and comes back through the other connection.
    String first = publish("first");
    assertThat(meters.counter("drumline.redis.reconnects").count()).isEqualTo(1);
    publish("second");
    await().until(() -> inbox.of(TOPIC).size() == 2);
    assertThat(inbox.of(TOPIC).get(0).messageId()).isEqualTo(first);
  }

  @Test
  void publishesAndSubscribesOnACluster() throws Exception {
    RedisServer redis =
        closing(
            RedisServer.start("--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"));
    TestRedis.with(
        redis.url(),
        connection -> {
          for (int slot = 0; slot < 16384; slot += 512) {
            connection.sync().clusterAddSlots(IntStream.range(slot, slot + 512).toArray());
          }
          await().until(() -> connection.sync().clusterInfo().contains("cluster_state:ok"));
          return 0;
        });
    backplane = Backplanes.ofCluster("127.0.0.1:" + redis.port(), meters);
    closers.push(backplane::close);
    backplane.start(inbox);
    await().until(backplane::available);
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    String id = publish("x");
    await().until(() -> inbox.of(TOPIC).size() == 1);
    assertThat(inbox.of(TOPIC).get(0).messageId()).isEqualTo(id);
  }

  private RedisServer closing(RedisServer server) {
    closers.push(server::close);
    return server;
  }

  private void open(String url, String... settings) {
    backplane = Backplanes.at(url, meters, settings);
    closers.push(backplane::close);
    backplane.start(inbox);
  }

  private History read() throws Exception {
    return backplane.read(TOPIC, 0, 10, false).toCompletableFuture().get(10, SECONDS);
  }

  private String publish(String body) throws Exception {
    return backplane
        .publish(new Draft(TOPIC, new byte[0], body.getBytes(UTF_8)))
        .toCompletableFuture()
        .get(10, SECONDS);
  }
}

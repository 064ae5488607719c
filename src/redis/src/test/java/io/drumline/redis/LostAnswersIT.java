package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.BackplaneHistoryContract;
import io.drumline.backplane.History;
import io.drumline.backplane.Inbox;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import io.drumline.redis.format.RedisKeys;
import io.drumline.testing.TcpProxy;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Publications whose answer is lost are stored once, and replicas have what is accepted. */
final class LostAnswersIT {
  private static final Destination TOPIC = Destination.parse("/topic/many/lost");

  /** The test itself says when a connection is lost: a busy machine must not look like that. */
  private static final String[] PATIENT = {
    "--drumline.redis.command-timeout=30s",
    "--drumline.redis.publish-timeout=30s",
    "--drumline.redis.probe-interval=8s"
  };

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
  void storesOnceWhatIsSentAgain() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    TcpProxy proxy = new TcpProxy(redis.port());
    closers.push(proxy::close);
    open(proxy.url(), PATIENT);
    RedisBackplane other = another(redis.url(), new SimpleMeterRegistry());
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    publish("before");
    proxy.silence("SCRIPT");
    List<CompletableFuture<String>> publishing = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      publishing.add(begin(backplane, TOPIC, "m" + i));
      begin(other, TOPIC, "other" + i).get(10, SECONDS);
    }
    await().until(() -> inbox.of(TOPIC).size() == 601);
    assertThat(publishing).noneMatch(CompletableFuture::isDone);
    proxy.cutSilenced();

    List<String> answers = new ArrayList<>();
    for (CompletableFuture<String> id : publishing) {
      answers.add(id.get(20, SECONDS));
    }
    publish("after");

    await().until(() -> inbox.of(TOPIC).size() >= 602);
    assertThat(inbox.of(TOPIC)).hasSize(602);
    assertThat(answers)
        .isEqualTo(
            inbox.of(TOPIC).stream()
                .filter(publication -> body(publication).startsWith("m"))
                .map(Publication::messageId)
                .toList());
    assertThat(meters.counter("drumline.redis.publish.retries").count()).isEqualTo(300);
    assertThat(meters.counter("drumline.redis.publish.failures").count()).isZero();
  }

  @Test
  void storesOnceWhatLosesItsAnswerTwice() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    TcpProxy proxy = new TcpProxy(redis.port());
    closers.push(proxy::close);
    open(proxy.url(), "--drumline.redis.publish-timeout=20s");
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    publish("before");
    List<CompletableFuture<String>> publishing = new ArrayList<>();
    proxy.silence("SCRIPT");
    for (int i = 0; i < 10; i++) {
      publishing.add(begin(backplane, TOPIC, "m" + i));
    }
    await().until(() -> inbox.of(TOPIC).size() == 11);
    proxy.silenceNext("EVALSHA");
    List<String> answers = new ArrayList<>();
    for (CompletableFuture<String> id : publishing) {
      answers.add(id.get(20, SECONDS));
    }
    assertThat(meters.counter("drumline.redis.publish.retries").count()).isEqualTo(20);
    publish("after");
    await().until(() -> inbox.of(TOPIC).size() >= 12);
    assertThat(inbox.of(TOPIC).subList(1, 11))
        .extracting(Publication::messageId)
        .isEqualTo(answers);
  }

  /** A stalled network may bring what a connection carried long after another one replaced it. */
  @Test
  void storesOnceWhatArrivesLateOnTheConnectionBefore() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    TcpProxy proxy = new TcpProxy(redis.port());
    closers.push(proxy::close);
    open(proxy.url(), "--drumline.redis.publish-timeout=20s");
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    publish("before");
    assertThat(proxy.keepBack("SCRIPT")).isEqualTo(1);
    List<CompletableFuture<String>> publishing = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      publishing.add(begin(backplane, TOPIC, "m" + i));
    }
    List<String> answers = new ArrayList<>();
    for (CompletableFuture<String> id : publishing) {
      answers.add(id.get(20, SECONDS));
    }
    proxy.deliverLate();
    publish("after");

    await().until(() -> inbox.of(TOPIC).size() >= 302);
    assertThat(inbox.of(TOPIC)).hasSize(302);
    assertThat(inbox.of(TOPIC).subList(1, 301))
        .extracting(Publication::messageId)
        .isEqualTo(answers);
    assertThat(meters.counter("drumline.redis.publish.failures").count()).isZero();
  }

  @Test
  void storesWhatRedisNeverSaw() throws Exception {
    RedisServer redis =
        closing(RedisServer.start("--appendonly", "yes", "--appendfsync", "always"));
    open(redis.url(), "--drumline.redis.publish-timeout=20s");
    backplane.subscribe(TOPIC).toCompletableFuture().get(10, SECONDS);
    publish("before");
    redis.pause();
    CompletableFuture<String> first = begin(backplane, TOPIC, "first");
    CompletableFuture<String> second = begin(backplane, TOPIC, "second");
    await().until(() -> !backplane.available()); // both were sent, into the connection's buffers
    redis.kill();
    redis.restart();
    first.get(20, SECONDS);
    second.get(20, SECONDS);
    assertThat(read()).extracting(LostAnswersIT::body).containsExactly("before", "first", "second");
  }

  @Test
  void publishesOnceWithoutHistory() throws Exception {
    Destination none = Destination.parse("/topic/none/x");
    RedisServer redis = closing(RedisServer.start());
    TcpProxy proxy = new TcpProxy(redis.port());
    closers.push(proxy::close);
    open(proxy.url());
    backplane.subscribe(none).toCompletableFuture().get(10, SECONDS);
    begin(backplane, none, "before").get(10, SECONDS);
    proxy.silence("SCRIPT");
    CompletableFuture<String> first = begin(backplane, none, "first");
    CompletableFuture<String> second = begin(backplane, none, "second");
    // Where it was cannot be told any more; that it was published, can.
    await().until(() -> inbox.of(none).size() == 3);
    assertThat(first.get(20, SECONDS)).isEqualTo(inbox.of(none).get(1).id());
    assertThat(second.get(20, SECONDS)).isEqualTo(inbox.of(none).get(2).messageId());
    begin(backplane, none, "after").get(10, SECONDS);
    await().until(() -> inbox.of(none).size() >= 4);
    assertThat(inbox.of(none)).hasSize(4);
  }

  @Test
  void tellsWhenItGaveUp() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    TcpProxy proxy = new TcpProxy(redis.port());
    closers.push(proxy::close);
    open(proxy.url(), "--drumline.redis.publish-timeout=1s");
    publish("before");
    proxy.silence("SCRIPT");
    CompletableFuture<String> lost = begin(backplane, TOPIC, "x");
    redis.pause();
    assertThatThrownBy(() -> lost.get(20, SECONDS))
        .hasMessageContaining("It is not known whether the message was accepted");
    redis.resume();
  }

  @Test
  void waitsForReplicas() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    RedisServer replica =
        closing(
            RedisServer.start(
                "--replicaof",
                "127.0.0.1",
                Integer.toString(redis.port()),
                "--repl-diskless-sync-delay",
                "0"));
    awaitReplica(redis);
    String minReplicas = "--drumline.redis.min-replicas=1";
    open(
        redis.url(),
        Stream.concat(Stream.of(minReplicas), Stream.of(PATIENT)).toArray(String[]::new));
    // One that soon ends its wait for a replica that is not there.
    SimpleMeterRegistry impatientMeters = new SimpleMeterRegistry();
    RedisBackplane impatient = another(redis.url(), impatientMeters, minReplicas);
    publish("confirmed");
    String stream = new RedisKeys("drumline:").stream(TOPIC);
    long copied = TestRedis.with(replica.url(), connection -> connection.sync().xlen(stream));
    assertThat(copied).isEqualTo(1);

    replica.kill();
    Draft draft = new Draft(TOPIC, new byte[0], "alone".getBytes(UTF_8), "id-1", null);
    assertThatThrownBy(() -> impatient.publish(draft).toCompletableFuture().get(10, SECONDS))
        .hasRootCauseMessage(
            "The message was published, but too few replicas of the backplane have confirmed it.");
    assertThat(read()).extracting(LostAnswersIT::body).containsExactly("confirmed", "alone");
    assertThat(impatientMeters.counter("drumline.redis.publish.failures").count()).isEqualTo(1);

    replica.restart();
    awaitReplica(redis);
    String id = backplane.publish(draft).toCompletableFuture().get(10, SECONDS);
    assertThat(id).isEqualTo(read().get(1).messageId());
    assertThat(read()).hasSize(2);
  }

  @Test
  void doesNotMakeEphemeralMessagesWaitForReplicas() throws Exception {
    RedisServer redis = closing(RedisServer.start());
    open(redis.url(), "--drumline.redis.min-replicas=1");
    begin(backplane, Destination.parse("/ephemeral/x"), "x").get(10, SECONDS);
  }

  /**
   * Redis calls a replica online before the replica has loaded what it was sent: have it confirm.
   */
  private static void awaitReplica(RedisServer master) {
    await()
        .atMost(20, SECONDS)
        .until(
            () ->
                TestRedis.with(
                    master.url(),
                    connection -> {
                      connection.sync().set("written", "before WAIT");
                      return connection.sync().waitForReplication(1, 1000);
                    }),
            confirmed -> confirmed == 1);
  }

  private RedisServer closing(RedisServer server) {
    closers.push(server::close);
    return server;
  }

  private void open(String url, String... settings) {
    backplane = Backplanes.at(url, meters, BackplaneHistoryContract.RETENTIONS, settings);
    closers.push(backplane::close);
    backplane.start(inbox);
    await().until(backplane::available);
  }

  private RedisBackplane another(String url, SimpleMeterRegistry meters, String... settings) {
    RedisBackplane other =
        Backplanes.at(url, meters, BackplaneHistoryContract.RETENTIONS, settings);
    closers.push(other::close);
    other.start(new Inbox());
    await().until(other::available);
    return other;
  }

  private static CompletableFuture<String> begin(
      RedisBackplane backplane, Destination destination, String body) {
    return backplane
        .publish(new Draft(destination, new byte[0], body.getBytes(UTF_8)))
        .toCompletableFuture();
  }

  private String publish(String body) throws Exception {
    return begin(backplane, TOPIC, body).get(10, SECONDS);
  }

  private List<Publication> read() throws Exception {
    History history = backplane.read(TOPIC, 0, 1000, false).toCompletableFuture().get(10, SECONDS);
    return history.publications();
  }

  private static String body(Publication publication) {
    return new String(publication.body(), UTF_8);
  }
}

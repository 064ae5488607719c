package io.drumline.redis.publish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.spy;

import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.loop.Periodic;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.Backplanes;
import io.drumline.redis.connection.Topology;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.status.RedisMetrics;
import io.drumline.redis.status.RedisRefusals;
import io.drumline.testing.redis.FakeRedis;
import io.lettuce.core.RedisException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.CommandType;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A publisher to a Redis 6.2 whose slots are moving: it says ASK of a message with an id whose
 * destination it still has, as the id is a key that is missing. The answers come when the test says
 * so.
 */
class RedisPublisherTest {
  private static final Destination TOPIC = Destination.of("/topic/moving");
  private static final Destination OTHER = Destination.of("/topic/other");
  private static final String ASK = "ASK 7 there:1";

  private final FakeRedis redis = new FakeRedis();
  private final FakeRedis there = new FakeRedis();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  /** What the node's own parts throw, where they do. */
  private @Nullable Throwable retentionFails;

  private @Nullable Error clockFails;

  @SuppressWarnings("NullAway.Init") // before each
  private RedisPublisher publisher;

  @BeforeEach
  void connect() {
    publisher = publisher(0);
  }

  private RedisPublisher publisher(int minReplicas) {
    RedisSettings settings =
        Backplanes.settings(Map.of("min-replicas", String.valueOf(minReplicas)));
    RedisMetrics metrics = new RedisMetrics(meters);
    RedisRefusals refusals =
        new RedisRefusals(
            "here",
            metrics,
            Duration.ofSeconds(5),
            () -> {
              if (clockFails != null) {
                throw clockFails;
              }
              return System.nanoTime();
            });
    Retentions retentions = spy(Retentions.DEFAULTS);
    doAnswer(
            call -> {
              if (retentionFails != null) {
                throw retentionFails;
              }
              return call.callRealMethod();
            })
        .when(retentions)
        .of(any());
    return new RedisPublisher(
        new PublishScript(
            new RedisKeys("drumline:"), new MessageIds(), retentions, settings.publishTimeout()),
        settings,
        new PendingPublications(
            settings, metrics, refusals, new Periodic(meters).guard("redis_link")),
        ImmediateEventExecutor.INSTANCE,
        () -> redis.connection,
        new Cluster(),
        destination -> publisher);
  }

  private final class Cluster implements Topology {
    @Override
    public void refresh() {}

    @Override
    public @Nullable StatefulConnection<String, byte[]> connectionTo(String address) {
      return address.equals("there:1") ? there.connection : null;
    }
  }

  @Test
  void nothingNewPassesAMessageThatIsBeingChecked() {
    CompletableFuture<String> first = publish(TOPIC, "mine");
    redis.refuses(ASK);
    assertThat(redis.waiting()).containsOnly(CommandType.PTTL).hasSize(3);
    CompletableFuture<String> second = publish(TOPIC, null);
    assertThat(redis.waiting()).containsOnly(CommandType.PTTL);

    keysAreHere(2);
    redis.refuses(ASK); // the id is not
    publisher.resume();
    assertThat(redis.waiting()).containsExactly(CommandType.EVALSHA);
    assertThat(redis.arguments()).contains("mine");
    redis.stores(1);
    redis.stores(2);
    assertThat(offsets(List.of(first, second))).containsExactly(1L, 2L);
  }

  @Test
  void othersOfItsDestinationWaitForAsLongAsItIsRefused() {
    CompletableFuture<String> first = publish(TOPIC, "mine");
    redis.refuses(ASK);
    CompletableFuture<String> second = publish(TOPIC, null);
    for (int i = 0; i < 3; i++) {
      keysAreHere(2);
      redis.refuses(ASK);
      publisher.resume();
      CompletableFuture<String> other = publish(OTHER, null);
      assertThat(redis.waiting()).containsExactly(CommandType.EVALSHA, CommandType.EVALSHA);
      redis.refuses(ASK); // the first one
      redis.stores(i); // the other destination's
      assertThat(other).isCompleted();
    }
    assertThat(redis.waiting()).containsOnly(CommandType.PTTL);
    keysHaveLeft(3);
    assertThat(second).isNotDone();
    there.stores(1);
    redis.refuses(ASK); // the second's turn
    keysHaveLeft(2);
    there.stores(2);
    assertThat(offsets(List.of(first, second))).containsExactly(1L, 2L);
  }

  @Test
  void messagesThatLeaveOneAfterTheOtherKeepTheirOrder() {
    CompletableFuture<String> first = publish(TOPIC, "one");
    CompletableFuture<String> second = publish(TOPIC, "two");
    redis.refuses(ASK);
    redis.refuses(ASK);
    keysAreHere(3); // of the first; a moment later they have left
    keysHaveLeft(3);
    publisher.resume();
    assertThat(there.waiting()).isEmpty();
    redis.refuses(ASK);
    keysHaveLeft(3);
    there.stores(1);
    there.stores(2);
    assertThat(offsets(List.of(first, second))).containsExactly(1L, 2L);
  }

  @Test
  void whatWaitsBehindItIsRejectedWithTheConnection() {
    CompletableFuture<String> first = publish(TOPIC, "mine");
    redis.refuses(ASK);
    keysAreHere(3);
    publisher.resume();
    CompletableFuture<String> second = publish(TOPIC, null);
    assertThat(second).isNotDone();
    publisher.rejectWaiting();
    assertThat(second).isCompletedExceptionally();
    redis.stores(1);
    assertThat(first).isCompleted();
    assertNothingIsHeld();
  }

  @ParameterizedTest
  @MethodSource("failures")
  void checkThatFailsIsANo(Throwable e) {
    CompletableFuture<String> first = publish(TOPIC, "mine");
    redis.failAt(CommandType.PTTL, e);
    redis.refuses(ASK);
    CompletableFuture<String> second = publish(TOPIC, null);
    publisher.resume();
    redis.stores(1);
    redis.stores(2);
    assertThat(offsets(List.of(first, second))).containsExactly(1L, 2L);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void whatCannotBeSentIsSentAgain(Throwable e) {
    redis.failAt(CommandType.EVALSHA, e);
    CompletableFuture<String> first = publish(TOPIC, null);
    redis.failAt(null, e);
    publisher.resume();
    redis.stores(1);
    assertThat(offsets(List.of(first))).containsExactly(1L);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void whatIsLeftForAnotherRedisIsSentThoughItsScriptCannotBe(Throwable e) {
    CompletableFuture<String> first = publish(TOPIC, "mine");
    there.failAt(CommandType.SCRIPT, e);
    redis.refuses(ASK);
    keysHaveLeft(3);
    there.stores(1);
    assertThat(offsets(List.of(first))).containsExactly(1L);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void whatCannotBeWrittenIsRejectedAlone(Throwable e) {
    retentionFails = e;
    CompletableFuture<String> first = publish(TOPIC, null);
    retentionFails = null;
    CompletableFuture<String> second = publish(TOPIC, null);
    redis.stores(1);
    assertThatFailure(first).hasRootCause(e).hasMessageContaining("could not send");
    assertThat(offsets(List.of(second))).containsExactly(1L);
    assertNothingIsHeld();
    assertThat(failedTasks()).isEqualTo(1);
  }

  @Test
  void whatCannotBeWrittenAgainIsRejectedAlone() {
    CompletableFuture<String> first = publish(TOPIC, null);
    redis.failAt(CommandType.EVALSHA, new RedisException("too many"));
    CompletableFuture<String> second = publish(OTHER, null);
    redis.stores(1);
    redis.failAt(null, new IllegalStateException());
    retentionFails = new IllegalStateException("injected");
    publisher.resume();
    assertThat(first).isCompleted();
    assertThatFailure(second).hasMessageContaining("not known whether");
    assertNothingIsHeld();
    retentionFails = null;
    CompletableFuture<String> third = publish(TOPIC, null);
    redis.stores(2);
    assertThat(third).isCompleted();
  }

  @Test
  void answersThatCannotBeHandledEndWhatTheyAnswer() {
    CompletableFuture<String> refused = publish(TOPIC, null);
    CompletableFuture<String> stored = publish(TOPIC, null);
    clockFails = new StackOverflowError("injected");
    redis.refuses("OOM command not allowed");
    redis.stores(1);
    assertThatFailure(refused).hasRootCause(clockFails);
    assertThat(offsets(List.of(stored))).containsExactly(1L);
    assertNothingIsHeld();
    assertThat(failedTasks()).isEqualTo(1);
  }

  @Test
  void answersOfReplicasThatCannotBeHandledEndWhatTheyAnswer() {
    publisher = publisher(1);
    CompletableFuture<String> refused = publish(TOPIC, null);
    redis.refuses("OOM command not allowed");
    redis.answers(1); // the replicas
    assertThat(refused).isCompletedExceptionally();

    List<CompletableFuture<String>> stored =
        List.of(publish(TOPIC, null), publish(TOPIC, null), publish(TOPIC, null));
    clockFails = new StackOverflowError("injected");
    for (int i = 1; i <= stored.size(); i++) {
      redis.stores(i);
      redis.answers(1);
    }
    assertThat(offsets(stored)).containsExactly(1L, 2L, 3L);
    assertNothingIsHeld();
    clockFails = null;

    redis.failAt(CommandType.EVALSHA, new RedisException("too many"));
    CompletableFuture<String> again = publish(TOPIC, null);
    redis.failAt(null, new IllegalStateException());
    publisher.resume();
    redis.stores(4);
    redis.answers(1);
    assertThat(offsets(List.of(again))).containsExactly(4L);
  }

  private static AbstractThrowableAssert<?, ?> assertThatFailure(CompletableFuture<?> published) {
    assertThat(published).isCompletedExceptionally();
    return assertThatThrownBy(published::join);
  }

  private void assertNothingIsHeld() {
    assertThat(meters.get("drumline.redis.publish.held").gauge().value()).isZero();
  }

  private double failedTasks() {
    return meters.get("drumline.task.failures").tag("task", "redis_link").counter().count();
  }

  static Stream<Throwable> failures() {
    return Stream.of(new RedisException("too many"), new OutOfMemoryError("injected"));
  }

  private CompletableFuture<String> publish(Destination destination, @Nullable String id) {
    return publisher
        .publish(new Draft(destination, new byte[0], "body".getBytes(UTF_8), id, null))
        .toCompletableFuture();
  }

  private void keysAreHere(int keys) {
    for (int i = 0; i < keys; i++) {
      redis.answers(-1);
    }
  }

  private void keysHaveLeft(int keys) {
    for (int i = 0; i < keys; i++) {
      redis.refuses(ASK);
    }
  }

  private static List<Long> offsets(List<CompletableFuture<String>> published) {
    assertThat(published).allSatisfy(each -> assertThat(each).isCompleted());
    return published.stream().map(each -> Cursor.parse(each.join()).offset()).toList();
  }
}

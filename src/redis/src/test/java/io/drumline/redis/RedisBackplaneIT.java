package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.BackplaneHistoryContract;
import io.drumline.backplane.Inbox;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.drumline.redis.format.RedisKeys;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RedisBackplaneIT extends BackplaneHistoryContract {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final RedisKeys keys = new RedisKeys("drumline:");

  @Override
  protected Backplane create() {
    return Backplanes.patient(TestRedis.url(), meters, RETENTIONS);
  }

  @Test
  void hearsAnotherNode() throws Exception {
    Backplane other = Backplanes.patient(TestRedis.url(), new SimpleMeterRegistry(), RETENTIONS);
    Inbox otherInbox = new Inbox();
    other.start(otherInbox);
    await().until(other::available);
    Destination destination = destination("/topic/");
    subscribe(destination);
    other.subscribe(destination).toCompletableFuture().get(10, SECONDS);
    for (int i = 0; i < 100; i++) {
      (i % 2 == 0 ? backplane : other).publish(draft(destination, "m" + i));
    }
    await().until(() -> inbox.of(destination).size() == 100);
    await().until(() -> otherInbox.of(destination).size() == 100);
    assertThat(otherInbox.of(destination))
        .extracting(Publication::messageId)
        .containsExactlyElementsOf(
            inbox.of(destination).stream().map(Publication::messageId).toList());
    assertChained(inbox.of(destination));
    other.close();
  }

  /** Redis has one set of channels for all of its databases. */
  @Test
  void hearsNothingOfAClusterInAnotherDatabase() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    Backplane other =
        Backplanes.patient(TestRedis.url() + "/1", new SimpleMeterRegistry(), RETENTIONS);
    Inbox otherInbox = new Inbox();
    other.start(otherInbox);
    await().until(other::available);
    other.subscribe(destination).toCompletableFuture().get(10, SECONDS);
    other.publish(draft(destination, "theirs")).toCompletableFuture().get(10, SECONDS);
    await().until(() -> otherInbox.of(destination).size() == 1);
    publish(draft(destination, "ours"));
    // Their message was before ours: if it came, it has come.
    await().until(() -> !inbox.of(destination).isEmpty());
    assertThat(bodies(destination)).containsExactly("ours");
    other.close();
  }

  @Test
  void dropsAndCountsMalformedEnvelopes() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    TestRedis.with(
        TestRedis.url(),
        connection -> {
          connection.sync().publish(keys.channel(destination), "noise");
          return connection.sync().publish(keys.channel(destination), "");
        });
    publish(draft(destination, "good"));
    await().untilAsserted(() -> assertThat(bodies(destination)).containsExactly("good"));
    assertThat(meters.counter("drumline.redis.envelopes.invalid").count()).isEqualTo(2);
  }

  @Test
  void deliversAgainAfterItsPubSubConnectionWasKilled() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    publish(draft(destination, "before"));
    await().until(() -> inbox.of(destination).size() == 1);
    assertThat(inbox.interruptions()).isEmpty();
    TestRedis.with(
        TestRedis.url(), connection -> connection.sync().clientKill(KillArgs.Builder.typePubsub()));
    await().until(() -> meters.counter("drumline.redis.reconnects").count() >= 1);
    await().until(backplane::available);
    await().until(() -> !inbox.interruptions().isEmpty());
    assertThat(inbox.interruptions()).containsExactly(destination);
    List<String> expected = new ArrayList<>(List.of("before"));
    for (int i = 0; i < 100; i++) {
      publish(draft(destination, "after" + i));
      expected.add("after" + i);
    }
    await().untilAsserted(() -> assertThat(bodies(destination)).isEqualTo(expected));
  }

  @Test
  void publishesInOrderAfterTheScriptWasFlushed() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    List<CompletableFuture<String>> publishing = new ArrayList<>();
    int messages = 5000;
    TestRedis.with(
        TestRedis.url(),
        connection -> {
          for (int i = 0; i < messages; i++) {
            publishing.add(backplane.publish(draft(destination, "m" + i)).toCompletableFuture());
            if (i % 1000 == 500) {
              connection.sync().scriptFlush();
            }
          }
          return messages;
        });
    for (CompletableFuture<String> id : publishing) {
      id.get(10, SECONDS);
    }
    await().until(() -> inbox.of(destination).size() >= messages);
    assertThat(bodies(destination))
        .isEqualTo(IntStream.range(0, messages).mapToObj(i -> "m" + i).toList());
    assertChained(inbox.of(destination));
  }

  @Test
  void keepsOrderWhileManySubscribeAndUnsubscribe() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    int messages = 3000;
    String run = UUID.randomUUID().toString();
    List<CompletableFuture<Void>> confirmations = new ArrayList<>();
    List<CompletableFuture<String>> publishing = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      publishing.add(backplane.publish(draft(destination, "m" + i)).toCompletableFuture());
      Destination other = Destination.parse("/topic/" + run + "/" + i);
      confirmations.add(backplane.subscribe(other).toCompletableFuture());
      if (i % 3 == 0) {
        confirmations.get(i).get(10, SECONDS);
        backplane.unsubscribe(other);
      }
    }
    for (int i = 0; i < messages; i++) {
      publishing.get(i).get(10, SECONDS);
      confirmations.get(i).get(10, SECONDS);
    }
    await().until(() -> inbox.of(destination).size() >= messages);
    assertThat(bodies(destination))
        .isEqualTo(IntStream.range(0, messages).mapToObj(i -> "m" + i).toList());
    Destination kept = Destination.parse("/topic/" + run + "/1");
    publish(draft(kept, "kept"));
    await().untilAsserted(() -> assertThat(bodies(kept)).containsExactly("kept"));
  }

  @Test
  void measuresRoundTrips() {
    await().until(() -> meters.timer("drumline.redis.roundtrip").count() > 1);
    assertThat(meters.get("drumline.redis.up").gauge().value()).isEqualTo(1);
  }

  @Test
  void ignoresForgedProbes() {
    long before = meters.timer("drumline.redis.roundtrip").count();
    List<String> channels =
        TestRedis.with(
            TestRedis.url(), connection -> connection.sync().pubsubChannels("drumline:probe:*"));
    TestRedis.with(
        TestRedis.url(),
        connection -> {
          for (String channel : channels) {
            connection.sync().publish(channel, "x");
            connection.sync().publish(channel, "12345678");
          }
          return 0;
        });
    await().until(() -> meters.timer("drumline.redis.roundtrip").count() > before + 1);
    assertThat(meters.timer("drumline.redis.roundtrip").max(SECONDS)).isLessThan(60);
  }

  @Test
  void refusesMoreThanItsQueueHolds() throws Exception {
    Backplane small =
        Backplanes.at(
            TestRedis.url(), new SimpleMeterRegistry(), "--drumline.redis.request-queue=1");
    small.start(inbox);
    await().until(small::available);
    Destination destination = destination("/topic/");
    List<CompletableFuture<String>> publishing = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      publishing.add(small.publish(draft(destination, "x")).toCompletableFuture());
    }
    publishing.get(0).get(10, SECONDS);
    assertThatThrownBy(
            () ->
                CompletableFuture.allOf(publishing.toArray(CompletableFuture[]::new))
                    .get(10, SECONDS))
        .hasRootCauseMessage("The message was not accepted; the backplane is overloaded.");
    await()
        .until(
            () ->
                small
                    .publish(draft(destination, "y"))
                    .toCompletableFuture()
                    .handle((id, e) -> e == null)
                    .get(10, SECONDS));
    small.close();
  }

  @Test
  void writesBodiesAsTheyAre() throws Exception {
    Destination destination = destination("/ephemeral/");
    subscribe(destination);
    String body = "\u00e9\u0000\r\n*3\r\n$7\r\nmessage";
    publish(draft(destination, body));
    await().until(() -> !inbox.of(destination).isEmpty());
    assertThat(inbox.of(destination).get(0).body()).isEqualTo(body.getBytes(UTF_8));
  }
}

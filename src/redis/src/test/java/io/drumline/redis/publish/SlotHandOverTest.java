package io.drumline.redis.publish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.CommandType;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Publications to one destination while its slot goes from one master to another. Answers come and
 * the backplane's thread runs when the test says so.
 */
class SlotHandOverTest {
  private static final Destination TOPIC = Destination.of("/topic/moving");
  private static final String MOVED = "MOVED 7 there:1";
  private static final String ASK = "ASK 7 there:1";

  private final EmbeddedChannel owner = new EmbeddedChannel();
  private final FakeRedis here = new FakeRedis();
  private final FakeRedis there = new FakeRedis();
  private RedisSettings settings = Backplanes.settings(Map.of());
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final RedisMetrics metrics = new RedisMetrics(meters);
  private final PendingPublications publications =
      new PendingPublications(
          settings,
          metrics,
          new RedisRefusals("here", metrics, Duration.ofSeconds(5), System::nanoTime),
          new Periodic(meters).guard("redis_link"));
  private final PublishScript script =
      new PublishScript(
          new RedisKeys("drumline:"),
          new MessageIds(),
          Retentions.DEFAULTS,
          settings.publishTimeout());
  private final RedisPublisher old = publisher(here);
  private final RedisPublisher between = publisher(new FakeRedis());
  private final RedisPublisher now = publisher(there);
  private RedisPublisher leading = old;

  /** What happens right after somebody has looked who has the slot. */
  private Runnable afterLook = () -> {};

  private final PublishQueue queue = new PublishQueue(script, owner.eventLoop(), this::leading);

  private RedisPublisher leading(Destination destination) {
    RedisPublisher seen = destination.equals(TOPIC) ? leading : old;
    Runnable after = afterLook;
    afterLook = () -> {};
    after.run();
    return seen;
  }

  private RedisPublisher publisher(FakeRedis redis) {
    return new RedisPublisher(
        script,
        settings,
        publications,
        owner.eventLoop(),
        () -> redis.connection,
        new Topology() {
          @Override
          public void refresh() {}

          @Override
          public @Nullable StatefulConnection<String, byte[]> connectionTo(String address) {
            return there.connection;
          }
        },
        this::leading);
  }

  @AfterEach
  void end() {
    owner.finishAndReleaseAll();
  }

  /** The first one looks who has the slot a moment before it moves. */
  @Test
  void callersOfBeforeAndAfterKeepTheirOrder() {
    afterLook = () -> moveTo(now);
    CompletableFuture<String> first = publish();
    CompletableFuture<String> second = publish();
    run();
    assertThat(here.waiting()).isEmpty();
    there.stores(1);
    there.stores(2);
    assertThat(offsets(List.of(first, second))).containsExactly(1L, 2L);
  }

  @Test
  void whatComesBackIsSentBeforeWhatIsNewer() {
    CompletableFuture<String> first = publish();
    run();
    moveTo(now);
    CompletableFuture<String> second = publish();
    run();
    assertThat(there.waiting()).isEmpty();
    here.refuses(MOVED);
    storesInTurn(first, second);
  }

  /** Whoever had it first sends nothing again that another one has the slot of. */
  @Test
  void isNotTriedAgainWhereItWasRefused() {
    CompletableFuture<String> first = publish();
    run();
    moveTo(now);
    CompletableFuture<String> second = publish();
    here.refuses(MOVED);
    old.resume();
    run();
    assertThat(here.waiting()).isEmpty();
    storesInTurn(first, second);
  }

  @Test
  void whatWasLostAtTheMasterThatTakesOverIsSentBeforeWhatIsNewer() {
    CompletableFuture<String> first = publish();
    run();
    here.refuses(ASK);
    here.refuses(ASK); // both of its keys have left
    here.refuses(ASK);
    run();
    assertThat(there.waiting()).containsExactly(CommandType.EVALSHA);
    moveTo(now);
    CompletableFuture<String> second = publish();
    run();
    there.loses();
    storesInTurn(first, second);
  }

  /** The old master has more to answer, of other slots. */
  @Test
  void whatIsLostBesideOthersIsSentBeforeWhatIsNewer() {
    CompletableFuture<String> first = publish();
    run();
    moveTo(now);
    var unused = publish(Destination.of("/topic/stays"));
    CompletableFuture<String> second = publish();
    run();
    here.loses();
    now.resume();
    run();
    there.stores(1);
    there.stores(2);
    assertThat(offsets(List.of(first, second))).containsExactly(1L, 2L);
  }

  /** Nor where the new master's publisher has waited for long enough. */
  @Test
  void whatIsCheckedIsNotHandedOver() {
    settings = Backplanes.settings(Map.of("command-timeout", "0s"));
    RedisPublisher impatient = publisher(there);
    var unused = publish();
    run();
    here.refuses(ASK);
    run();
    moveTo(impatient);
    run();
    assertThat(there.waiting()).isEmpty();
    here.refuses(ASK);
    here.refuses(ASK);
    run();
    assertThat(there.waiting()).containsExactly(CommandType.EVALSHA);
  }

  @Test
  void whatIsCheckedMeanwhileIsSentBeforeWhatIsNewer() {
    CompletableFuture<String> first = publish();
    run();
    here.refuses(ASK);
    run();
    assertThat(here.waiting()).containsOnly(CommandType.PTTL).hasSize(2);
    moveTo(now);
    CompletableFuture<String> second = publish();
    run();
    assertThat(there.waiting()).isEmpty();
    here.answers(-1);
    here.refuses(ASK);
    storesInTurn(first, second);
  }

  @Test
  void waitsForThoseBeforeThePredecessorToo() {
    CompletableFuture<String> first = publish();
    run();
    moveTo(between);
    moveTo(now);
    CompletableFuture<String> second = publish();
    run();
    assertThat(there.waiting()).isEmpty();
    here.refuses(MOVED);
    storesInTurn(first, second);
  }

  /** It had led a detour of the old publisher, which is asked for nothing any more. */
  @Test
  void whatAnotherPublisherHasEndedIsGivenUp() {
    WeakReference<CompletableFuture<String>> ended = new WeakReference<>(endElsewhere());
    old.expire();
    now.expire();
    await()
        .until(
            () -> {
              System.gc();
              return ended.get() == null;
            });
  }

  private CompletableFuture<String> endElsewhere() {
    CompletableFuture<String> first = publish();
    run();
    here.refuses(MOVED);
    old.resume();
    run();
    here.refuses(MOVED);
    moveTo(now);
    now.resume();
    run();
    there.stores(1);
    run();
    assertThat(first).isCompleted();
    return first;
  }

  private CompletableFuture<String> publish() {
    return publish(TOPIC);
  }

  private CompletableFuture<String> publish(Destination destination) {
    return queue
        .publish(new Draft(destination, new byte[0], "body".getBytes(UTF_8), null, null))
        .toCompletableFuture();
  }

  /** As {@code ClusterShards} does. */
  private void moveTo(RedisPublisher next) {
    RedisPublisher before = leading;
    leading = next;
    next.follow(before);
    before.handOver();
    next.resume();
  }

  private void run() {
    owner.runPendingTasks();
  }

  /** The new master stores the first, and only then gets the second. */
  private void storesInTurn(CompletableFuture<String> first, CompletableFuture<String> second) {
    now.resume();
    run();
    assertThat(there.waiting()).containsExactly(CommandType.EVALSHA);
    there.stores(1);
    now.resume();
    run();
    assertThat(first).isCompleted();
    there.stores(2);
    assertThat(offsets(List.of(first, second))).containsExactly(1L, 2L);
  }

  private static List<Long> offsets(List<CompletableFuture<String>> published) {
    assertThat(published).allSatisfy(each -> assertThat(each).isCompleted());
    return published.stream().map(each -> Cursor.parse(each.join()).offset()).toList();
  }
}

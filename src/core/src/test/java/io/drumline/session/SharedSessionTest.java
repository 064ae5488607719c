package io.drumline.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.SessionStore;
import io.drumline.backplane.SessionStore.Known;
import io.drumline.backplane.SessionStore.Listener;
import io.drumline.backplane.SessionStore.Opened;
import io.drumline.backplane.SessionStore.Update;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.Periodic;
import io.drumline.message.Destination;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which positions are stored, when, and at what cost. */
final class SharedSessionTest {
  /** So long that nothing is stored by itself while a test runs: {@link #flush} does. */
  static final long INTERVAL_MILLIS = 30_000;

  private static final Duration TIME_TO_LIVE = Duration.ofMinutes(2);
  private static final Destination NEWS = Destination.parse("/topic/news");
  private static final Destination OTHER = Destination.parse("/topic/other");

  private final AtomicLong clock = new AtomicLong();
  private final FaultyStore store = new FaultyStore();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Loop loop = new Loop(clock);
  private SharedSessions node = node(3, 1000);

  /** A subscription whose position the test says. */
  private static final class Sub implements Tracked {
    private final Destination destination;
    private final boolean acknowledged;
    private @Nullable String received;

    Sub(Destination destination, boolean acknowledged) {
      this.destination = destination;
      this.acknowledged = acknowledged;
    }

    Sub at(String position) {
      received = position;
      return this;
    }

    @Override
    public Destination destination() {
      return destination;
    }

    @Override
    public @Nullable String received() {
      return received;
    }

    @Override
    public boolean acknowledged() {
      return acknowledged;
    }
  }

  private SharedSessions node(int maxPositions, int maxSessions) {
    return new SharedSessions(
        store,
        new SessionSettings(
            TIME_TO_LIVE, Duration.ofMillis(INTERVAL_MILLIS), maxPositions, maxSessions),
        meters,
        clock::get,
        new NodeTimer(),
        new Periodic(meters).guard("session_positions"));
  }

  private static Listener deaf() {
    return new Listener() {
      @Override
      public void opened(String clientId, long generation) {
        // it does not listen
      }

      @Override
      public void interrupted() {
        // nor here
      }
    };
  }

  private SharedSession open(String user) {
    return open(loop, user);
  }

  private SharedSession open(Loop socket, String user) {
    var opening = node.open("c", user, socket).toCompletableFuture();
    socket.run();
    return opening.join().orElseThrow();
  }

  private static Sub auto(Destination destination) {
    return new Sub(destination, false);
  }

  private static Sub acknowledging(Destination destination) {
    return new Sub(destination, true);
  }

  private static Sub tracked(SharedSession session, Sub subscription) {
    session.track(subscription);
    return subscription;
  }

  private static String at(int offset) {
    return "epoch1." + Integer.toString(offset, Character.MAX_RADIX) + ".id" + offset;
  }

  /** Has the node store what waits, and the loop hear of it. */
  private void flush() {
    node.flush();
    loop.run();
  }

  private Map<Destination, String> stored() {
    return ((Opened) store.open("c", "ann", TIME_TO_LIVE).toCompletableFuture().join()).positions();
  }

  private double count(String name) {
    return meters.get("drumline.sessions." + name).counter().count();
  }

  @Test
  void storesWhatWasCurrentWhenThePingWasWrittenAndItsPongCame() {
    SharedSession session = open("ann");
    Sub news = tracked(session, auto(NEWS).at(at(5)));
    loop.tick();
    news.at(at(9));
    session.pong(loop.lastPing());
    flush();

    assertThat(stored()).isEqualTo(Map.of(NEWS, at(5)));
  }

  @Test
  void storesNothingBeforeThePong() {
    SharedSession session = open("ann");
    Sub news = tracked(session, auto(NEWS).at(at(5)));
    for (int i = 6; i < 8; i++) {
      loop.tick();
      news.at(at(i));
      flush();
    }
    session.end();
    flush();

    assertThat(loop.pings).hasSize(1);
    assertThat(stored()).isEmpty();
  }

  /** What subscriptions report may still wait for the flush at the end of the turn. */
  @Test
  void pingsBehindWhatWaitsToBeWritten() {
    SharedSession session = open("ann");
    tracked(session, auto(NEWS).at(at(5)));
    List<Integer> pingsAtFlush = new ArrayList<>();
    loop.execute(() -> pingsAtFlush.add(loop.pings.size()));
    loop.fire();
    loop.run();

    assertThat(pingsAtFlush).containsExactly(0);
    assertThat(loop.pings).hasSize(1);
  }

  @Test
  void pingsOnlyForWhatIsNewAndOnlyOnceAtATime() {
    SharedSession session = open("ann");
    Sub news = tracked(session, auto(NEWS));
    loop.tick();
    assertThat(loop.pings).isEmpty();

    news.at(at(1));
    loop.tick();
    news.at(at(2));
    loop.tick();
    assertThat(loop.pings).hasSize(1);

    session.pong(loop.lastPing());
    loop.tick();
    assertThat(loop.pings).hasSize(2);

    session.pong(loop.lastPing());
    loop.tick();
    assertThat(loop.pings).hasSize(2);
  }

  @Test
  void pingsAgainWhereAPongNeverComes() {
    SharedSession session = open("ann");
    Sub news = tracked(session, auto(NEWS).at(at(1)));
    loop.tick();
    long lost = loop.lastPing();
    news.at(at(2));
    for (int i = 0; i < 10; i++) {
      assertThat(loop.pings).hasSize(1);
      loop.tick();
      flush();
    }
    assertThat(loop.pings).hasSize(2);

    session.pong(lost);
    session.pong(lost + 7);
    flush();
    assertThat(store.batches).allSatisfy(batch -> assertThat(batch.get(0).isEmpty()).isTrue());

    session.pong(loop.lastPing());
    flush();
    assertThat(stored()).isEqualTo(Map.of(NEWS, at(2)));
  }

  @Test
  void takesAPongOnce() {
    SharedSession session = open("ann");
    Sub news = tracked(session, auto(NEWS).at(at(1)));
    loop.tick();
    session.pong(loop.lastPing());
    news.at(at(2));
    session.pong(loop.lastPing());
    flush();

    assertThat(stored()).isEqualTo(Map.of(NEWS, at(1)));
  }

  @Test
  void takesAcknowledgementForProof() {
    SharedSession session = open("ann");
    Sub news = tracked(session, acknowledging(NEWS).at(at(1)));
    loop.tick();
    news.at(at(2));
    flush();

    assertThat(loop.pings).isEmpty();
    assertThat(stored()).isEqualTo(Map.of(NEWS, at(1)));
  }

  @Test
  void storesTheHindmostOfSeveralSubscriptions() {
    SharedSession session = open("ann");
    Sub fast = tracked(session, acknowledging(NEWS).at(at(40)));
    Sub slow = tracked(session, acknowledging(NEWS));
    loop.tick();
    flush();
    assertThat(store.updates()).isZero(); // nobody knows where the other one is

    slow.at(at(9));
    loop.tick();
    flush();
    slow.at("epoch2.50.x");
    loop.tick();
    flush();
    assertThat(store.updates()).isEqualTo(1); // nobody knows which epoch is the older one

    fast.at("epoch2.51.y");
    loop.tick();
    flush();
    assertThat(store.batches.get(0).get(0).positions()).isEqualTo(Map.of(NEWS, at(9)));
    assertThat(stored()).isEqualTo(Map.of(NEWS, "epoch2.50.x"));
  }

  @Test
  void wantsAPongWhereOneOfSeveralDoesNotAcknowledge() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(3)));
    tracked(session, auto(NEWS).at(at(2)));
    loop.tick();
    flush();
    assertThat(store.updates()).isZero();

    session.pong(loop.lastPing());
    flush();
    assertThat(stored()).isEqualTo(Map.of(NEWS, at(2)));
  }

  @Test
  void forgetsADestinationWithItsLastSubscription() {
    SharedSession session = open("ann");
    Sub one = tracked(session, acknowledging(NEWS).at(at(3)));
    Sub two = tracked(session, acknowledging(NEWS).at(at(3)));
    tracked(session, acknowledging(OTHER).at(at(4)));
    loop.tick();
    flush();

    session.untrack(one);
    loop.tick();
    flush();
    assertThat(store.updates()).isEqualTo(1);

    session.untrack(two);
    loop.tick();
    flush();
    assertThat(stored()).isEqualTo(Map.of(OTHER, at(4)));
  }

  @Test
  void aPongDoesNotBringBackWhatWasUnsubscribed() {
    SharedSession session = open("ann");
    Sub news = tracked(session, auto(NEWS).at(at(3)));
    tracked(session, auto(OTHER).at(at(4)));
    loop.tick();
    session.untrack(news);
    session.pong(loop.lastPing());
    flush();

    assertThat(stored()).isEqualTo(Map.of(OTHER, at(4)));
  }

  @Test
  void saysWhereEachDestinationGoesOn() {
    SharedSession before = open("ann");
    tracked(before, acknowledging(NEWS).at(at(3)));
    loop.tick();
    flush();
    before.end();

    SharedSession after = open("ann");

    assertThat(before.resumed()).isFalse();
    assertThat(before.resumeAfter(NEWS)).isNull();
    assertThat(after.resumed()).isTrue();
    assertThat(after.resumeAfter(NEWS)).isEqualTo(at(3));
    assertThat(after.resumeAfter(OTHER)).isNull();

    Sub news = tracked(after, auto(NEWS).at(at(3)));
    tracked(after, auto(NEWS).at(at(3)));
    assertThat(after.resumeAfter(NEWS)).isEqualTo(at(3));
    after.untrack(news);
    assertThat(after.resumeAfter(NEWS)).isEqualTo(at(3));
  }

  @Test
  void startsAnewAfterUnsubscribe() {
    SharedSession before = open("ann");
    tracked(before, acknowledging(NEWS).at(at(3)));
    loop.tick();
    flush();

    SharedSession after = open("ann");
    after.untrack(tracked(after, auto(NEWS).at(at(3))));

    assertThat(after.resumeAfter(NEWS)).isNull();
  }

  @Test
  void forgetsWhatTheClientDoesNotSubscribeToAgain() {
    SharedSession before = open("ann");
    tracked(before, acknowledging(NEWS).at(at(3)));
    tracked(before, acknowledging(OTHER).at(at(4)));
    loop.tick();
    flush();

    SharedSession after = open("ann");
    tracked(after, acknowledging(NEWS).at(at(3)));
    for (int i = 1; i < TIME_TO_LIVE.toMillis() / INTERVAL_MILLIS; i++) {
      loop.tick();
      assertThat(after.resumeAfter(OTHER)).isEqualTo(at(4));
    }
    loop.tick();
    flush();
    assertThat(after.resumeAfter(OTHER)).isNull();
    loop.tick();
    flush();
    assertThat(stored()).isEqualTo(Map.of(NEWS, at(3)));
  }

  @Test
  void keepsNoPositionsOfWhatHasNone() {
    SharedSession session = open("");
    tracked(session, acknowledging(Destination.parse("/ephemeral/x")).at("id"));
    tracked(session, acknowledging(Destination.ofUser("session-1", "/queue/x")).at(at(1)));
    tracked(session, acknowledging(NEWS).at(at(2)));
    loop.tick();
    flush();

    assertThat(store.batches.get(0).get(0).positions()).isEqualTo(Map.of(NEWS, at(2)));
  }

  @Test
  void keepsPositionsOfNamedUsersOwn() {
    Destination own = Destination.ofUser("ann", "/queue/x");
    SharedSession session = open("ann");
    tracked(session, acknowledging(own).at(at(1)));
    loop.tick();
    flush();

    assertThat(stored()).isEqualTo(Map.of(own, at(1)));
  }

  @Test
  void keepsSoManyPositionsAndGivesUpUnclaimedOnesFirst() {
    SharedSession before = open("ann");
    for (int i = 0; i < 4; i++) { // one too many
      tracked(before, acknowledging(Destination.parse("/topic/" + i)).at(at(i + 1)));
    }
    loop.tick();
    flush();
    assertThat(stored().keySet())
        .extracting(Destination::value)
        .containsExactlyInAnyOrder("/topic/0", "/topic/1", "/topic/2");
    assertThat(count("untracked")).isEqualTo(1);

    SharedSession after = open("ann");
    tracked(after, acknowledging(Destination.parse("/topic/1")).at(at(2)));
    tracked(after, acknowledging(NEWS).at(at(8)));
    tracked(after, acknowledging(OTHER).at(at(9)));
    loop.tick();
    flush();
    assertThat(stored().keySet())
        .extracting(Destination::value)
        .containsExactlyInAnyOrder("/topic/1", "/topic/news", "/topic/other");
  }

  @Test
  void storesLaterWhatItCouldNotStore() {
    SharedSession session = open("ann");
    Sub news = tracked(session, acknowledging(NEWS).at(at(1)));
    tracked(session, acknowledging(OTHER).at(at(7)));
    loop.tick();
    store.leave();
    flush();
    news.at(at(2));
    loop.tick();
    flush();
    assertThat(store.failures).isEqualTo(2);
    assertThat(count("failures")).isEqualTo(2);

    store.comeBack();
    loop.tick();
    flush();

    assertThat(stored()).isEqualTo(Map.of(NEWS, at(2), OTHER, at(7)));
  }

  @Test
  void storesAllAgainWhatTheStoreHasLost() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(1)));
    Sub other = tracked(session, acknowledging(OTHER).at(at(7)));
    loop.tick();
    flush();
    store.loseAll();
    other.at(at(8));
    loop.tick();
    flush();
    flush();

    assertThat(stored()).isEqualTo(Map.of(NEWS, at(1), OTHER, at(8)));
  }

  /** Else its client would begin with what is live where the position is not stored yet. */
  @Test
  void aSessionThatTheStoreHasLostIsNewUntilAllOfItIsStored() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(1)));
    Sub other = tracked(session, acknowledging(OTHER).at(at(7)));
    loop.tick();
    flush();
    store.loseAll();
    other.at(at(8));
    loop.tick();
    node.flush();

    Opened opened = (Opened) store.open("c", "ann", TIME_TO_LIVE).toCompletableFuture().join();
    assertThat(opened.known()).isEqualTo(Known.NOTHING);
    assertThat(opened.positions()).isEmpty();
  }

  @Test
  void storesAllAgainWhenTheStoreMayHaveLostSomething() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(1)));
    loop.tick();
    node.flush(); // and the answer is still on its way
    store.goBack();
    loop.run();
    flush();
    flush();

    Update last = store.batches.get(store.batches.size() - 1).get(0);
    assertThat(last.follows()).isEqualTo(Update.WHOLE);
    assertThat(last.positions()).isEqualTo(Map.of(NEWS, at(1)));
    int updates = store.updates();
    loop.tick();
    flush();
    assertThat(store.updates()).isEqualTo(updates);
    assertThat(session.resumed()).isFalse();
  }

  @Test
  void tellsTheClientOfPositionsThatTheStoreMayHaveLost() {
    SharedSession before = open("ann");
    tracked(before, acknowledging(NEWS).at(at(3)));
    loop.tick();
    flush();
    store.goBack();

    SharedSession after = open("ann");

    assertThat(after.resumed()).isTrue();
    assertThat(after.resumeAfter(NEWS)).isEqualTo(at(3));
    assertThat(after.resumeAfter(OTHER)).isEqualTo(MessageIds.nowhere(OTHER).messageId());
    assertThat(after.resumeAfter(Destination.parse("/ephemeral/x"))).isNull();
    tracked(after, acknowledging(OTHER).at(at(1)));
    assertThat(after.resumeAfter(OTHER)).isNull();
  }

  @Test
  void storesAllWhenTheSocketEnds() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(1)));
    tracked(session, acknowledging(OTHER).at(at(7)));
    loop.tick();
    flush();
    store.loseAll(); // and nobody has noticed
    session.end();
    flush();

    assertThat(stored()).isEqualTo(Map.of(NEWS, at(1), OTHER, at(7)));
  }

  @Test
  void storesWhatIsConfirmedWhenTheSocketEnds() {
    SharedSession session = open("ann");
    Sub news = tracked(session, auto(NEWS).at(at(1)));
    Sub other = tracked(session, auto(OTHER).at(at(7)));
    loop.tick();
    session.pong(loop.lastPing());
    news.at(at(2));
    session.end();
    session.untrack(news); // as whoever cancels them may do
    session.untrack(other);
    session.track(auto(Destination.parse("/topic/late")).at(at(1)));

    await()
        .untilAsserted(
            () -> {
              loop.run();
              assertThat(meters.get("drumline.sessions.shared").gauge().value()).isZero();
            });
    assertThat(stored()).isEqualTo(Map.of(NEWS, at(1), OTHER, at(7)));
    assertThat(loop.fenced).isZero();
    loop.tick();
    assertThat(loop.timers()).isZero();
  }

  @Test
  void storesWhatWasAcknowledgedJustBeforeTheEnd() {
    SharedSession session = open("ann");
    Sub news = tracked(session, acknowledging(NEWS).at(at(1)));
    loop.tick();
    flush();
    news.at(at(2));
    session.end();
    flush();

    assertThat(stored()).isEqualTo(Map.of(NEWS, at(2)));
  }

  @Test
  void triesTheLastStoreAgain() {
    SharedSession session = open("ann");
    Sub news = tracked(session, acknowledging(NEWS).at(at(1)));
    loop.tick();
    flush();
    news.at(at(2));
    loop.tick();
    store.leave();
    session.end();
    flush();
    loop.tick();
    flush();
    assertThat(count("failures")).isEqualTo(2);

    store.comeBack();
    loop.tick();
    flush();

    assertThat(stored()).isEqualTo(Map.of(NEWS, at(2)));
    loop.tick();
    assertThat(loop.timers()).isZero();
  }

  @Test
  void givesTheLastStoreUpAfterTheTimeToLive() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(1)));
    store.leave();
    session.end();
    for (int i = 0; i < TIME_TO_LIVE.toMillis() / INTERVAL_MILLIS; i++) {
      assertThat(loop.timers()).isEqualTo(1);
      loop.tick();
      flush();
    }

    assertThat(loop.timers()).isZero();
    assertThat(meters.get("drumline.sessions.shared").gauge().value()).isZero();
  }

  @Test
  void keepsIdleSessionsAliveAtAThirdOfTheirTime() {
    open("ann");
    loop.tick();
    flush();
    assertThat(store.updates()).isZero();

    for (int i = 0; i < 12; i++) { // three times to live; looked at 30 s apart, so after 60 s each
      loop.tick();
      flush();
    }

    assertThat(store.updates()).isEqualTo(6);
    assertThat(store.batches).allSatisfy(batch -> assertThat(batch.get(0).isEmpty()).isTrue());
  }

  @Test
  void anotherSocketOfTheSameClientClosesTheFirst() {
    Loop second = new Loop(clock);
    SharedSession first = open("ann");
    tracked(first, acknowledging(NEWS).at(at(1)));
    loop.tick();
    SharedSession newer = open(second, "ann");
    loop.run();

    assertThat(loop.fenced).isEqualTo(1);
    assertThat(second.fenced).isZero();
    assertThat(count("fenced")).isEqualTo(1);
    assertThat(meters.get("drumline.sessions.shared").gauge().value()).isEqualTo(1);

    first.end();
    loop.tick();
    flush();
    assertThat(loop.timers()).isZero();
    assertThat(loop.fenced).isEqualTo(1);

    tracked(newer, acknowledging(NEWS).at(at(5)));
    second.tick();
    node.flush();
    second.run();
    assertThat(stored()).isEqualTo(Map.of(NEWS, at(5)));
  }

  @Test
  void aFencedStoreClosesTheSocketWhereTheNoticeWasLost() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(1)));
    store.listen(deaf()); // from now on the node hears nothing
    stored();
    assertThat(loop.fenced).isZero();

    loop.tick();
    flush();

    assertThat(loop.fenced).isEqualTo(1);
    assertThat(stored()).isEmpty();
  }

  @Test
  void costDoesNotFollowTheRateOfMessages() {
    SharedSession session = open("ann");
    Sub news = tracked(session, auto(NEWS));
    int intervals = 5;
    for (int i = 0; i < intervals; i++) {
      for (int message = 1; message <= 2000; message++) {
        news.at(at(2000 * i + message));
      }
      loop.tick();
      session.pong(loop.lastPing());
      flush();
    }

    assertThat(store.updates()).isEqualTo(intervals);
    assertThat(count("stores")).isEqualTo(intervals);
    assertThat(loop.pings).hasSize(intervals);
    assertThat(stored()).isEqualTo(Map.of(NEWS, at(2000 * intervals)));
  }

  @Test
  void storesAllSessionsTogetherABatchAtATime() {
    node = node(3, 10_000);
    int sessions = SessionStore.MAX_BATCH + 10;
    for (int i = 0; i < sessions; i++) {
      var opening = node.open("c" + i, "", loop).toCompletableFuture();
      loop.run();
      tracked(opening.join().orElseThrow(), acknowledging(NEWS).at(at(1)));
    }
    CompletableFuture<Void> gate = store.close();
    loop.tick();
    node.flush();
    node.flush();
    assertThat(store.batches).hasSize(1);

    gate.complete(null);

    assertThat(store.batches).extracting(List::size).containsExactly(SessionStore.MAX_BATCH, 10);
  }

  @Test
  void finishesBeforeTheBackplaneIsClosed() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(1)));
    loop.tick();
    Thread events = new Thread(() -> await().until(() -> loopIsDone()), "loop");
    events.start();
    node.close();

    assertThat(store.updates()).isEqualTo(1);
    assertThat(count("stores")).isEqualTo(1);
  }

  private boolean loopIsDone() {
    loop.run();
    return count("stores") == 1;
  }

  @Test
  void aClientThatIsBackAtOnceFindsWhatItsLastSocketLeft() {
    SharedSession session = open("ann");
    tracked(session, acknowledging(NEWS).at(at(1)));
    loop.fire();
    session.end();

    assertThat(open(new Loop(clock), "ann").resumeAfter(NEWS)).isEqualTo(at(1));
  }

  @Test
  void doesNotOpenAnothersSession() {
    open("ann");
    var opening = node.open("c", "bob", loop).toCompletableFuture();
    loop.run();

    assertThat(opening.join()).isEmpty();
    assertThat(loop.fenced).isZero();
  }

  @Test
  void saysWhyASessionCannotBeOpened() {
    node = node(1, 1);
    open("ann");
    var tooMany = node.open("d", "ann", loop).toCompletableFuture();
    store.leave();
    var away = node.open("c", "ann", loop).toCompletableFuture();
    loop.run();

    assertThatThrownBy(tooMany::join)
        .hasCauseInstanceOf(BackplaneException.class)
        .hasRootCauseMessage("This node has as many shared sessions as it may.");
    assertThatThrownBy(away::join).hasRootCauseMessage("It is away.");
    assertThat(count("failures")).isEqualTo(2);
  }
}

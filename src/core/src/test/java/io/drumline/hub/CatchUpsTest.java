package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.hub.Joined.Outcome;
import io.drumline.hub.order.Start;
import io.drumline.message.Destination;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Subscriptions of one connection on their way to be live. */
class CatchUpsTest {
  private static final int LIMIT = 64 * 1024;
  private static final Destination A = Destination.of("/topic/a");
  private static final Destination B = Destination.of("/topic/b");

  private final FakeHub hub = new FakeHub(Map.of("drumline.hub.outbound-limit", LIMIT + "B"));
  private final FakeHub.Socket socket = hub.socket();
  private final Connection connection = hub.connect(socket);
  private final List<Outcome> told = new ArrayList<>();

  @AfterEach
  void close() {
    hub.close();
  }

  @Test
  void oneThatIsStuckKeepsNoOtherOneWaiting() {
    for (int i = 0; i < 10; i++) {
      Destination stuck = Destination.of("/topic/stuck/" + i);
      hub.backplane.reads(stuck, FakeBackplane.Reads.UNANSWERED);
      hub.subscribe(connection, stuck, Start.CONTINUOUS);
    }
    Start start = new Start(true, hub.backplane.end(A), 0);
    hub.backplane.store(A, body('a', 5));
    hub.subscribe(connection, A, start);
    hub.turn();
    hub.pass(1_000);
    assertThat(socket.received()).containsExactly("aaaaa");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 200})
  void clientsAreToldWithinFiveSecondsWhatCannotBeRead(int subscriptions) {
    for (int i = 0; i < subscriptions; i++) {
      Destination stuck = Destination.of("/topic/stuck/" + i);
      hub.backplane.reads(stuck, FakeBackplane.Reads.FAILED);
      subscribe(stuck, Start.CONTINUOUS);
    }
    hub.pass(3_000);
    assertThat(told).isEmpty();
    hub.pass(1_900);
    assertThat(told).hasSize(subscriptions).containsOnly(Outcome.UNAVAILABLE);
    assertThat(hub.metric("drumline.subscriptions.unavailable")).isEqualTo(subscriptions);
  }

  /** It began without a position: what came before it could be read may be missing. */
  @Test
  void whatBeganBlindIsToldWhereItBegins() {
    hub.backplane.reads(A, FakeBackplane.Reads.FAILED);
    subscribe(A, Start.CONTINUOUS);
    hub.pass(5_000);
    hub.backplane.store(A, body('a', 5));
    hub.backplane.reads(A, FakeBackplane.Reads.ANSWERED);
    hub.pass(1_500);
    hub.backplane.bring(A, body('b', 5));
    hub.turn();
    assertThat(told).containsExactly(Outcome.UNAVAILABLE, Outcome.LIVE);
    assertThat(socket.received()).containsExactly("gap:unavailable", "bbbbb");
  }

  /** It has a position: it gets all, only later. */
  @Test
  void whatResumesBlindMissesNothing() {
    hub.backplane.reads(A, FakeBackplane.Reads.FAILED);
    subscribe(A, new Start(true, hub.backplane.end(A), 0));
    hub.pass(5_000);
    hub.backplane.store(A, body('a', 5));
    hub.backplane.reads(A, FakeBackplane.Reads.ANSWERED);
    hub.pass(1_500);
    assertThat(told).containsExactly(Outcome.UNAVAILABLE, Outcome.LIVE);
    assertThat(socket.received()).containsExactly("aaaaa");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/topic/a", "/ephemeral/a"})
  void oneThatWaitsForTheBackplaneIsToldAsWell(String destination) {
    hub.backplane.confirmNothing();
    subscribe(Destination.of(destination), Start.LIVE);
    hub.pass(5_000);
    assertThat(told).containsExactly(Outcome.UNAVAILABLE);
    hub.backplane.confirm();
    hub.turn();
    assertThat(told).containsExactly(Outcome.UNAVAILABLE, Outcome.LIVE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCancelledOneIsNotLive(boolean continuity) {
    hub.backplane.confirmNothing();
    Subscription subscription = subscribe(A, continuity ? Start.CONTINUOUS : Start.LIVE);
    hub.turn();
    subscription.cancel();
    hub.backplane.confirm();
    hub.pass(6_000);
    assertThat(told).containsExactly(Outcome.CANCELLED);
    assertThat(hub.hub.connectionCount()).isEqualTo(1);
  }

  /** What is larger than the outbound limit is given to who resumes as to who is live. */
  @Test
  void messagesAboveTheLimitAreGivenOneByOne() {
    Start start = new Start(true, hub.backplane.end(A), 0);
    for (char mark = 'a'; mark < 'd'; mark++) {
      hub.backplane.store(A, body(mark, 5 * LIMIT));
    }
    subscribe(B, Start.CONTINUOUS);
    hub.turn();
    socket.reads(false);
    subscribe(A, start);
    hub.turn();
    assertThat(connection.queue().bytes()).isBetween(5L * LIMIT, 6L * LIMIT);
    hub.backplane.bring(B, body('l', LIMIT / 2)); // is no sign of a slow consumer
    hub.turn();
    assertThat(connection.open()).isTrue();
    socket.reads(true);
    hub.turn();
    assertThat(socket.received())
        .containsExactly("a*" + 5 * LIMIT, "l*" + LIMIT / 2, "b*" + 5 * LIMIT, "c*" + 5 * LIMIT);
    assertThat(told).containsExactly(Outcome.LIVE, Outcome.LIVE);
  }

  /** Live messages are bounded as ever. */
  @Test
  void aSlowConsumerIsClosedAlsoWhileItCatchesUp() {
    Start start = new Start(true, hub.backplane.end(A), 0);
    hub.backplane.store(A, body('a', LIMIT));
    subscribe(B, Start.CONTINUOUS);
    hub.turn();
    socket.reads(false);
    subscribe(A, start);
    hub.turn();
    for (int i = 0; i < 3; i++) {
      hub.backplane.bring(B, body('l', LIMIT / 2 - 1000));
      hub.turn();
    }
    assertThat(connection.open()).isFalse();
  }

  @Test
  void stepsOfAllTogetherFitIntoHalfOfTheOutboundLimit() {
    int count = 20;
    socket.reads(false);
    for (int i = 0; i < count; i++) {
      Destination each = Destination.of("/topic/" + i);
      Start start = new Start(true, hub.backplane.end(each), 0);
      for (int j = 0; j < 4; j++) {
        hub.backplane.store(each, body('a', 7_000));
      }
      subscribe(each, start);
    }
    hub.turn();
    assertThat(connection.queue().bytes()).isBetween(7_000L, LIMIT / 2 + 1000L);
    List<String> received = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      socket.reads(true);
      received.addAll(socket.received());
      socket.reads(false);
      hub.turn();
      assertThat(connection.queue().bytes()).isLessThan(LIMIT / 2 + 1000L);
    }
    assertThat(received).hasSize(4 * count);
    assertThat(told).hasSize(count).containsOnly(Outcome.LIVE);
  }

  @Test
  void aClientThatReplacesItsSubscriptionsWithoutEndCausesFewReads() {
    int times = 2_000;
    for (int i = 0; i < times; i++) {
      Destination each = Destination.of("/topic/" + i);
      hub.backplane.store(each, body('a', 5));
      Subscription subscription = subscribe(each, new Start(false, null, 1));
      hub.turn();
      subscription.cancel();
    }
    int reads = hub.backplane.allReads();
    assertThat(reads).isLessThan(Replacements.BURST * 3);
    subscribe(A, Start.CONTINUOUS);
    hub.pass(10_000);
    assertThat(told).endsWith(Outcome.LIVE); // it only has to wait
    assertThat(hub.metric("drumline.subscriptions.delayed")).isGreaterThan(1_000);
  }

  @Test
  void asManyAsItHoldsAreFree() {
    for (int i = 0; i < 1_000; i++) {
      subscribe(Destination.of("/topic/" + i), Start.CONTINUOUS);
      hub.turn();
    }
    assertThat(told).hasSize(1_000).containsOnly(Outcome.LIVE);
  }

  private Subscription subscribe(Destination destination, Start start) {
    Subscription subscription = hub.subscribe(connection, destination, start);
    subscription.onBegin(joined -> told.add(joined.outcome()));
    return subscription;
  }

  private static byte[] body(char mark, int length) {
    return String.valueOf(mark).repeat(length).getBytes(US_ASCII);
  }
}

package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.MessageIds;
import io.drumline.hub.order.CatchUpStep;
import io.drumline.hub.order.Start;
import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reads, checks and memory of one loop's destinations; the loop runs when the test says so. */
class OwnerTest {
  private static final Destination DESTINATION = Destination.of("/topic/a");
  private static final int MEGABYTE = 1 << 20;

  private final Map<String, String> settings = new HashMap<>();
  private FakeHub hub = new FakeHub(settings);

  @AfterEach
  void close() {
    hub.close();
  }

  /** Two messages of about a megabyte are one page, and more than the window holds. */
  @Test
  void handsOverAPageThatIsLargerThanTheWindow() {
    Cursor start = hub.backplane.end(DESTINATION);
    hub.backplane.store(DESTINATION, body('a', MEGABYTE + 2000));
    hub.backplane.store(DESTINATION, body('b', MEGABYTE - 1000));
    FakeHub.Socket socket = hub.socket();
    hub.subscribe(hub.connect(socket), DESTINATION, new Start(true, start, 0));
    hub.turn();
    hub.backplane.bring(DESTINATION, body('c', 5));
    hub.turn();
    assertThat(socket.received())
        .containsExactly("a*" + (MEGABYTE + 2000), "b*" + (MEGABYTE - 1000), "ccccc");
    assertThat(hub.backplane.readsOf(DESTINATION)).isLessThan(5);
  }

  @Test
  void replaysAPageThatIsLargerThanTheWindow() {
    hub.backplane.store(DESTINATION, body('a', MEGABYTE + 2000));
    hub.backplane.store(DESTINATION, body('b', MEGABYTE - 1000));
    FakeHub.Socket socket = hub.socket();
    hub.subscribe(hub.connect(socket), DESTINATION, new Start(false, null, 2));
    hub.turn();
    assertThat(socket.received()).hasSize(2);
    assertThat(hub.backplane.readsOf(DESTINATION)).isLessThan(5);
  }

  /** What joins later finds its part in what was read before. */
  @Test
  void readsAPageOnceHoweverManyStepsItTakes() {
    Cursor start = hub.backplane.end(DESTINATION);
    for (int i = 0; i < 20; i++) {
      hub.backplane.store(DESTINATION, body('a', 100_000));
    }
    FakeHub.Socket socket = hub.socket();
    hub.subscribe(hub.connect(socket), DESTINATION, new Start(true, start, 0));
    hub.turn();
    assertThat(socket.received()).hasSize(20);
    assertThat(hub.backplane.readsOf(DESTINATION)).isLessThanOrEqualTo(4);
  }

  @Test
  void aHistoryThatContradictsItselfEndsInAGapAfterAFewReads() {
    Cursor start = hub.backplane.end(DESTINATION);
    FakeHub.Socket live = hub.socket();
    hub.subscribe(hub.connect(live), DESTINATION, Start.CONTINUOUS);
    hub.turn();
    for (int i = 0; i < 5; i++) {
      hub.backplane.bring(DESTINATION, body((char) ('a' + i), 5));
      hub.turn();
    }
    hub.pass(11_000); // what was kept for joiners goes
    hub.backplane.reads(DESTINATION, FakeBackplane.Reads.CONTRADICTING);
    int before = hub.backplane.readsOf(DESTINATION);
    FakeHub.Socket resumer = hub.socket();
    hub.subscribe(hub.connect(resumer), DESTINATION, new Start(true, start, 0));
    hub.turn();
    assertThat(hub.backplane.readsOf(DESTINATION) - before).isLessThan(5); // then it waits
    hub.pass(3_000);
    assertThat(resumer.received()).containsExactly("gap:diverged");
    assertThat(hub.backplane.readsOf(DESTINATION) - before).isLessThan(15);
    assertThat(hub.metric("drumline.history.reads.fruitless")).isGreaterThan(5);
    hub.backplane.bring(DESTINATION, body('f', 5));
    hub.turn();
    assertThat(resumer.received()).containsExactly("fffff");
    assertThat(live.received()).hasSize(6);
  }

  @Test
  void readsThatFailAreRepeatedEverySecond() {
    hub.backplane.reads(DESTINATION, FakeBackplane.Reads.FAILED);
    FakeHub.Socket socket = hub.socket();
    hub.subscribe(hub.connect(socket), DESTINATION, Start.CONTINUOUS);
    hub.turn();
    hub.pass(60_000);
    assertThat(hub.backplane.readsOf(DESTINATION)).isBetween(50, 75);
    hub.backplane.reads(DESTINATION, FakeBackplane.Reads.ANSWERED);
    hub.pass(2_000);
    hub.backplane.bring(DESTINATION, body('a', 5));
    hub.turn();
    assertThat(socket.received()).contains("aaaaa");
  }

  /** Nobody reads for clients that have gone, and nothing remembers them. */
  @Test
  void clientsThatComeAndGoWhileTheHistoryCannotBeReadAreForgotten() {
    Cursor start = hub.backplane.end(DESTINATION);
    hub.backplane.store(DESTINATION, body('a', 5));
    hub.subscribe(hub.connect(hub.socket()), DESTINATION, Start.CONTINUOUS);
    hub.turn();
    hub.backplane.reads(DESTINATION, FakeBackplane.Reads.FAILED);
    for (int i = 0; i < 100; i++) {
      Connection connection = hub.connect(hub.socket());
      Subscription subscription = hub.subscribe(connection, DESTINATION, new Start(true, start, 0));
      hub.turn();
      subscription.cancel();
      hub.turn();
    }
    hub.pass(1_000);
    int before = hub.backplane.readsOf(DESTINATION);
    hub.pass(3_000);
    assertThat(hub.backplane.readsOf(DESTINATION) - before).isZero();
  }

  /** Of many quiet destinations each is checked once a period, none more often, none never. */
  @Test
  void checksEachOfTwentyThousandQuietDestinationsWithinItsPeriod() {
    int count = 20_000;
    List<Destination> destinations = new ArrayList<>();
    FakeHub.Socket socket = hub.socket();
    Connection connection = hub.connect(socket);
    for (int i = 0; i < count; i++) {
      destinations.add(Destination.of("/topic/quiet/" + i));
      hub.subscribe(connection, destinations.get(i), Start.CONTINUOUS);
      hub.turn();
    }
    hub.pass(5_100);
    int before = hub.backplane.allReads();
    for (int i = 0; i < count; i += 50) {
      hub.backplane.store(destinations.get(i), body('a', 5)); // its PUBLISH is lost
    }
    hub.pass(5_100);
    assertThat(socket.received()).hasSize(count / 50);
    assertThat(hub.backplane.allReads() - before).isBetween(count, count + count / 10);
  }

  /** With too little room for all checks, each comes late, none never. */
  @Test
  void checksAllEvenlyLateWhereTheyAreTooMany() {
    IdleChecks checks = new IdleChecks(10, 1, () -> true);
    List<Checked> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      all.add(new Checked());
      checks.add(all.get(i), 0);
    }
    for (int tick = 1; tick <= 1000; tick++) {
      checks.run(tick); // one check a tick: a tenth of what is due
      for (Checked each : all) {
        if (each.checking) {
          each.checking = false;
          each.count++;
          checks.checked(each, tick);
        }
      }
    }
    assertThat(all).allSatisfy(each -> assertThat(each.count).isBetween(9, 11));
  }

  private static final class Checked implements IdleChecks.Checked {
    private boolean checking;
    private int count;

    @Override
    public boolean isGone() {
      return false;
    }

    @Override
    public boolean isWorthIt() {
      return true;
    }

    @Override
    public long heardAt() {
      return -1000;
    }

    @Override
    public void check() {
      checking = true;
    }
  }

  @Test
  void checksThatAreNotAnsweredDoNotKeepAClientWaiting() {
    hubWith("drumline.hub.max-reads", "2");
    Connection connection = hub.connect(hub.socket());
    for (int i = 0; i < 10; i++) {
      Destination quiet = Destination.of("/topic/quiet/" + i);
      hub.subscribe(connection, quiet, Start.CONTINUOUS);
      hub.turn();
      hub.backplane.reads(quiet, FakeBackplane.Reads.UNANSWERED);
    }
    hub.pass(20_000);
    hub.backplane.store(DESTINATION, body('a', 5));
    FakeHub.Socket socket = hub.socket();
    hub.subscribe(hub.connect(socket), DESTINATION, new Start(false, null, 1));
    hub.turn();
    assertThat(socket.received()).containsExactly("aaaaa");
  }

  /** Over the limit, the destination that was asked for least recently gives its memory up. */
  @Test
  void givesUpTheColdestMemoryFirst() {
    hubWith("drumline.hub.catch-up-limit", "1300KB");
    Map<Destination, Cursor> starts = new HashMap<>();
    List<Destination> three = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Destination each = Destination.of("/topic/" + i);
      three.add(each);
      starts.put(each, hub.backplane.end(each));
      hub.backplane.store(each, body('a', 600_000));
    }
    for (Destination each : three) {
      hub.subscribe(hub.connect(hub.socket()), each, new Start(true, starts.get(each), 0));
      hub.turn();
    }
    assertThat(hub.metric("drumline.history.evicted")).isEqualTo(1);
    int before = hub.backplane.allReads();
    for (int i = 2; i >= 1; i--) {
      hub.subscribe(
          hub.connect(hub.socket()), three.get(i), new Start(true, starts.get(three.get(i)), 0));
      hub.turn();
    }
    assertThat(hub.backplane.allReads() - before).isZero();
    hub.subscribe(
        hub.connect(hub.socket()), three.get(0), new Start(true, starts.get(three.get(0)), 0));
    hub.turn();
    assertThat(hub.backplane.readsOf(three.get(0))).isGreaterThan(1);
  }

  /** The others go on. */
  @Test
  void oneMessageThatIsDroppedIsReadAgainWithoutTheOtherDestinations() {
    hubWith("drumline.hub.backlog-limit", "1500B");
    FakeHub.Socket socket = hub.socket();
    List<Destination> destinations = subscribeTo(50, socket);
    int before = hub.backplane.allReads();
    hub.backplane.bring(destinations.get(0), body('a', 900));
    hub.backplane.bring(destinations.get(0), body('b', 900)); // for which there is no room
    assertThat(hub.metric("drumline.messages.dropped")).isEqualTo(1);
    hub.pass(500);
    assertThat(socket.received()).containsExactly("a*900", "b*900");
    assertThat(hub.backplane.allReads() - before).isEqualTo(1);
  }

  @Test
  void whatIsDroppedOfMoreDestinationsThanAreToldApartIsReadAgainAsWell() {
    hubWith("drumline.hub.backlog-limit", "1500B");
    FakeHub.Socket socket = hub.socket();
    int count = Doubts.MOST_DROPPED + 500;
    List<Destination> destinations = subscribeTo(count, socket);
    hub.backplane.bring(destinations.get(0), body('f', 900));
    for (Destination destination : destinations) {
      hub.backplane.bring(destination, body('a', 900));
    }
    assertThat(hub.metric("drumline.messages.dropped")).isEqualTo(count);
    hub.pass(1_000);
    assertThat(socket.received()).hasSize(count + 1);
  }

  /** While a comparison is not answered its destination stands still, so few are compared. */
  @Test
  void comparesAFewDestinationsAtATime() {
    settings.put("drumline.hub.max-reads", "4");
    hubWith("drumline.hub.backlog-limit", "1500B");
    FakeHub.Socket socket = hub.socket();
    List<Destination> destinations = subscribeTo(100, socket);
    destinations.forEach(each -> hub.backplane.reads(each, FakeBackplane.Reads.UNANSWERED));
    for (int i = 0; i < Doubts.MOST_DROPPED + 10; i++) {
      hub.backplane.bring(Destination.of("/topic/other/" + i), body('o', 900));
    }
    hub.pass(200);
    for (Destination destination : destinations) {
      hub.backplane.bring(destination, body('a', 5));
      hub.turn();
    }
    assertThat(socket.received()).hasSizeGreaterThan(90);
    destinations.forEach(each -> hub.backplane.reads(each, FakeBackplane.Reads.ANSWERED));
    hub.backplane.answer();
    hub.pass(200);
    assertThat(socket.received()).hasSizeLessThan(10);
    assertThat(hub.backplane.allReads()).isGreaterThanOrEqualTo(200);
  }

  /** What waits while destinations are compared is counted, and bounded for the node. */
  @Test
  void whatIsHeldWhileDestinationsAreComparedIsBoundedForTheNode() {
    hubWith("drumline.hub.backlog-limit", "2500B");
    FakeHub.Socket socket = hub.socket();
    List<Destination> destinations = subscribeTo(4, socket);
    for (Destination destination : destinations) {
      hub.backplane.reads(destination, FakeBackplane.Reads.UNANSWERED);
      hub.hub.interrupted(destination);
      hub.turn();
      hub.backplane.bring(destination, body('a', 1000));
      hub.turn();
    }
    assertThat(hub.gauge("drumline.backlog.held.bytes")).isEqualTo(2400);
    for (Destination destination : destinations) {
      hub.backplane.reads(destination, FakeBackplane.Reads.ANSWERED);
    }
    hub.backplane.answer();
    hub.pass(200);
    assertThat(socket.received()).hasSize(4);
    assertThat(hub.gauge("drumline.backlog.held.bytes")).isZero();
  }

  @Test
  void whatADestinationHoldsIsGivenBackWithTheDestination() {
    hubWith("drumline.hub.linger", "0s");
    Subscription subscription =
        hub.subscribe(hub.connect(hub.socket()), DESTINATION, Start.CONTINUOUS);
    hub.turn();
    hub.backplane.reads(DESTINATION, FakeBackplane.Reads.UNANSWERED);
    hub.hub.interrupted(DESTINATION);
    hub.backplane.bring(DESTINATION, body('a', 1000));
    hub.turn();
    assertThat(hub.gauge("drumline.backlog.held.bytes")).isEqualTo(1200);
    subscription.cancel();
    hub.pass(200);
    assertThat(hub.gauge("drumline.backlog.held.bytes")).isZero();
  }

  /** Its answer could not be handed over, for want of memory, and then it was unsubscribed. */
  @Test
  void aCheckThatEndsWithItsDestinationLeavesRoomForOthers() {
    Destination next = Destination.of("/topic/next");
    settings.put("drumline.hub.max-reads", "2"); // of which one may be a check
    try (OneOwner one = new OneOwner()) {
      one.begin(DESTINATION);
      hub.backplane.reads(DESTINATION, FakeBackplane.Reads.UNANSWERED);
      int before = hub.backplane.readsOf(DESTINATION);
      one.pass(5_500);
      assertThat(hub.backplane.readsOf(DESTINATION) - before).isEqualTo(1);
      one.loop.rejecting(true);
      hub.backplane.answer();
      one.loop.rejecting(false);
      one.end(DESTINATION);

      one.begin(next);
      before = hub.backplane.readsOf(next);
      one.pass(11_000);
      assertThat(hub.backplane.readsOf(next) - before).isBetween(1, 3);
    }
  }

  @Test
  void aReadWhoseAnswerIsLostBehindItsDestinationLeavesRoomForOthers() {
    settings.put("drumline.hub.max-reads", "1");
    try (OneOwner one = new OneOwner()) {
      hub.backplane.reads(DESTINATION, FakeBackplane.Reads.UNANSWERED);
      one.begin(DESTINATION);
      one.end(DESTINATION);
      one.loop.rejecting(true);
      hub.backplane.answer();
      one.loop.rejecting(false);
      one.pass(100);

      Destination next = Destination.of("/topic/next");
      one.begin(next);
      assertThat(hub.backplane.readsOf(next)).isPositive();
    }
  }

  /** An owner on a loop that may take no tasks. */
  private final class OneOwner implements AutoCloseable {
    private final FakeLoop loop = new FakeLoop();
    private final Map<Destination, ShardTopic> topics = new HashMap<>();
    private final Owner owner;

    OneOwner() {
      settings.put("drumline.hub.linger", "0s");
      HubMetrics metrics =
          new HubMetrics(
              new SimpleMeterRegistry(), List.of(), new OutboundBudget(MEGABYTE), MEGABYTE);
      Watch watch = new Watch(new MessageIds(), null);
      HubSettings properties = FakeHub.properties(settings);
      owner = new Owner(loop.loop(), hub.backplane, watch, metrics, properties, 1);
    }

    void begin(Destination destination) {
      Subscription subscription =
          hub.subscribe(hub.connect(hub.socket()), destination, Start.CONTINUOUS);
      topics.put(destination, subscription.topic);
      loop.run(() -> owner.join(subscription.topic));
      loop.run(
          () ->
              owner.catchUp(
                  new Joiner(
                      subscription, subscription.question(), Start.CONTINUOUS, CatchUpStep.FIRST)));
      loop.runAll();
    }

    void end(Destination destination) {
      ShardTopic topic = Objects.requireNonNull(topics.get(destination));
      loop.run(() -> owner.leave(topic));
      loop.runAll();
    }

    void pass(long millis) {
      for (long left = millis; left > 0; left -= Owner.TICK.toMillis()) {
        loop.run(owner::tick);
        loop.runAll();
      }
    }

    @Override
    public void close() {
      loop.close();
    }
  }

  private void hubWith(String setting, String value) {
    settings.put(setting, value);
    hub.close();
    hub = new FakeHub(settings);
  }

  private List<Destination> subscribeTo(int count, FakeHub.Socket socket) {
    Connection connection = hub.connect(socket);
    List<Destination> destinations = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      destinations.add(Destination.of("/topic/" + i));
      hub.subscribe(connection, destinations.get(i), Start.CONTINUOUS);
      hub.turn();
    }
    return destinations;
  }

  private static byte[] body(char mark, int length) {
    return String.valueOf(mark).repeat(length).getBytes(US_ASCII);
  }
}

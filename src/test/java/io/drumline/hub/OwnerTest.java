package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    settings.put("drumline.hub.max-reads", "2");
    hub.close();
    hub = new FakeHub(settings);
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
    settings.put("drumline.hub.catch-up-limit", "1300KB");
    hub.close();
    hub = new FakeHub(settings);
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

  private static byte[] body(char mark, int length) {
    return String.valueOf(mark).repeat(length).getBytes(US_ASCII);
  }
}

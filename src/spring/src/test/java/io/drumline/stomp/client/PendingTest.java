package io.drumline.stomp.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PendingTest {
  private static final int LIMIT = 4;

  private final List<String> receipts = new ArrayList<>();
  private final List<Boolean> reading = new ArrayList<>();
  private final Pending pending = new Pending(LIMIT, (id, more) -> receipts.add(id), reading::add);

  @Test
  void receiptsComeInTheOrderOfTheFrames() {
    Pending.Slot first = pending.open("1", 0);
    Pending.Slot second = pending.open("2", 0);
    Pending.Slot third = pending.open("3", 0);

    third.done();
    second.done();
    assertThat(receipts).isEmpty();

    first.done();
    assertThat(receipts).containsExactly("1", "2", "3");
  }

  @Test
  void aFrameThatAsksForNoReceiptGetsNone() {
    pending.open(null, 0).done();

    assertThat(receipts).isEmpty();
  }

  @Test
  void aDroppedFrameGetsNoReceiptButLetsTheNextPass() {
    Pending.Slot dropped = pending.open("dropped", 0);
    Pending.Slot next = pending.open("next", 0);

    next.done();
    dropped.drop();

    assertThat(receipts).containsExactly("next");
  }

  @Test
  void readingPausesAtTheLimitAndGoesOnAtHalfOfIt() {
    List<Pending.Slot> slots = new ArrayList<>();
    for (int i = 0; i < LIMIT - 1; i++) {
      slots.add(pending.open(null, 0));
    }
    assertThat(reading).isEmpty();

    slots.add(pending.open(null, 0));
    slots.add(pending.open(null, 0));
    assertThat(reading).containsExactly(false);

    slots.get(0).done();
    slots.get(1).done();
    assertThat(reading).containsExactly(false);

    slots.get(2).done();
    assertThat(reading).containsExactly(false, true);
  }

  @Test
  void readingPausesForLargeBodies() {
    Pending.Slot large = pending.open(null, 3 << 20);
    Pending.Slot larger = pending.open(null, 1 << 20);
    assertThat(reading).containsExactly(false);

    large.done();
    assertThat(reading).containsExactly(false, true);

    larger.done();
    assertThat(reading).containsExactly(false, true);
  }

  @Test
  void runsAtOnceWhenNothingIsPending() {
    List<String> ran = new ArrayList<>();

    pending.whenEmpty(() -> ran.add("now"));

    assertThat(ran).containsExactly("now");
  }

  @Test
  void runsOnceAfterTheLastReceipt() {
    Pending.Slot first = pending.open("1", 0);
    Pending.Slot second = pending.open("2", 0);
    pending.whenEmpty(() -> receipts.add("closed"));

    first.done();
    assertThat(receipts).containsExactly("1");

    second.done();
    pending.open("3", 0).done();
    assertThat(receipts).containsExactly("1", "2", "closed", "3");
  }

  @Test
  void readingPausesForEventsAsForFrames() {
    for (int i = 0; i < LIMIT; i++) {
      pending.open(null, 0).done();
      pending.eventBegins(100);
    }
    assertThat(reading).containsExactly(false);

    pending.eventEnds(100);
    assertThat(reading).containsExactly(false);

    pending.eventEnds(100);
    assertThat(reading).containsExactly(false, true);
  }

  @Test
  void receiptsDoNotWaitForEvents() {
    pending.eventBegins(100);
    pending.open("1", 0).done();

    assertThat(receipts).containsExactly("1");
  }
}

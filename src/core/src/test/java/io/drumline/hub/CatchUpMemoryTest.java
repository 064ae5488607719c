package io.drumline.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.hub.order.Start;
import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.message.Destination;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is kept for subscribers that catch up is counted, however it came. */
class CatchUpMemoryTest {
  private static final long LIMIT = 1000;
  private static final long KEPT_TICKS = 10;

  private final HubMetrics metrics =
      new HubMetrics(new SimpleMeterRegistry(), List.of(), new OutboundBudget(LIMIT), LIMIT);
  private final CatchUpMemory memory = new CatchUpMemory(LIMIT, KEPT_TICKS, metrics);
  private final Kept first = new Kept();
  private final Kept second = new Kept();

  private static final class Kept implements CatchUpMemory.Keeper {
    private long bytes;

    @Override
    public long pastBytes() {
      return bytes;
    }

    @Override
    public void forgetPast() {
      bytes = 0;
    }
  }

  @Test
  void whatAReadBringsBehindTheEvictionIsCounted() {
    memory.used(first, 0);
    second.bytes = LIMIT + 1;
    memory.used(second, 1); // both give up what they have
    first.bytes = 700;
    memory.read(first, 2);
    assertThat(counted()).isEqualTo(700);
    second.bytes = 800;
    memory.read(second, 3);
    assertThat(first.bytes).isZero();
    assertThat(counted()).isEqualTo(800);
  }

  @Test
  void whatAReadBringsThatTookLongIsGivenUpInTime() {
    memory.used(first, 0);
    memory.expire(KEPT_TICKS);
    first.bytes = 700;
    memory.read(first, KEPT_TICKS + 1);
    memory.expire(2 * KEPT_TICKS);
    assertThat(first.bytes).isEqualTo(700);
    memory.expire(2 * KEPT_TICKS + 1);
    assertThat(first.bytes).isZero();
    assertThat(counted()).isZero();
  }

  @Test
  void readsThatBringNothingAreNoReasonToRememberTheirDestination() {
    memory.read(first, 0);
    first.bytes = 700; // of which it would tell
    memory.changed(first);
    assertThat(counted()).isZero();
  }

  @Test
  void aReadMakesWhatIsKeptNoYounger() {
    first.bytes = 300;
    memory.used(first, 0);
    first.bytes = 700;
    memory.read(first, KEPT_TICKS - 1);
    assertThat(counted()).isEqualTo(700);
    memory.expire(KEPT_TICKS);
    assertThat(first.bytes).isZero();
  }

  @Test
  void pageThatComesLateIsCountedAndGivenUpInTime() {
    Destination destination = Destination.of("/topic/a");
    try (FakeHub hub = new FakeHub(Map.of())) {
      Start start = new Start(true, hub.backplane.end(destination), 0);
      hub.backplane.store(destination, new byte[700]);
      hub.subscribe(hub.connect(hub.socket()), destination, Start.CONTINUOUS);
      hub.turn();
      hub.backplane.reads(destination, FakeBackplane.Reads.UNANSWERED);
      hub.subscribe(hub.connect(hub.socket()), destination, start);
      hub.pass(15_000); // what was kept would be given up by now
      hub.backplane.answer();
      hub.turn();
      assertThat(hub.gauge("drumline.history.bytes")).isGreaterThan(700);
      hub.pass(15_000);
      assertThat(hub.gauge("drumline.history.bytes")).isZero();
    }
  }

  private long counted() {
    return metrics.catchUpBytes.get();
  }
}

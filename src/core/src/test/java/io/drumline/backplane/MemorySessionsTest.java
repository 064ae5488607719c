package io.drumline.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.SessionStore.Known;
import io.drumline.backplane.SessionStore.Opened;
import io.drumline.backplane.SessionStore.Outcome;
import io.drumline.backplane.SessionStore.Update;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class MemorySessionsTest extends SessionStoreContract {
  private Instant now = Instant.EPOCH;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final MemorySessions sessions = new MemorySessions(1 << 24, meters, () -> now);

  @Override
  protected SessionStore first() {
    return sessions;
  }

  @Override
  protected SessionStore second() {
    return sessions;
  }

  @Override
  protected void pass(Duration time) {
    now = now.plus(time);
  }

  @Test
  void doesNotRememberWhatNobodyCanResume() throws Exception {
    for (int i = 0; i < 100; i++) {
      opening(sessions, clientId + i);
    }
    assertThat(sessions.size()).isEqualTo(100);

    pass(LONG);
    opening(sessions, clientId);

    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  void forgetsWhatWasNotUsedForLongestBeyondItsLimit() throws Exception {
    MemorySessions small = new MemorySessions(100_000, new SimpleMeterRegistry(), () -> now);
    String longName = "x".repeat(900);
    Opened busy = (Opened) opening(small, "busy");
    for (int i = 0; i < 1000; i++) {
      opening(small, longName + i);
      Update refreshed =
          new Update("busy", "", busy.generation(), i + 2, Update.WHOLE, Map.of(), Set.of());
      assertThat(store(small, refreshed)).isEqualTo(Outcome.STORED);
    }
    assertThat(small.size()).isBetween(50, 100);
    assertThat(small.bytes()).isBetween(90_000L, 100_000L);
    assertThat(((Opened) opening(small, longName + 999)).known()).isEqualTo(Known.ALL);
    assertThat(((Opened) opening(small, longName + 0)).known()).isEqualTo(Known.NOTHING);
  }

  @Test
  void positionsCount() throws Exception {
    Opened opened = open(sessions, "ann");
    double before = meters.get("drumline.memory.sessions.bytes").gauge().value();
    store(sessions, update(opened, Map.of(NEWS, at(NEWS, "a.1.x"))));
    assertThat(meters.get("drumline.memory.sessions.bytes").gauge().value())
        .isGreaterThan(before + 100);
    store(sessions, whole(opened, Map.of()));
    assertThat(meters.get("drumline.memory.sessions.bytes").gauge().value()).isEqualTo(before);
    assertThat(meters.get("drumline.memory.sessions.evicted").counter().count()).isZero();
  }
}

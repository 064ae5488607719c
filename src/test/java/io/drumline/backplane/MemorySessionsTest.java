package io.drumline.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class MemorySessionsTest extends SessionStoreContract {
  private Instant now = Instant.EPOCH;
  private final MemorySessions sessions = new MemorySessions(() -> now);

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
}

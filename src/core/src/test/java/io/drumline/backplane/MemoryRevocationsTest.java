package io.drumline.backplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class MemoryRevocationsTest extends RevocationsContract {
  private final MemoryRevocations revocations = new MemoryRevocations();

  @Override
  protected Revocations first() {
    return revocations;
  }

  @Override
  protected Revocations second() {
    return revocations;
  }

  @Test
  void refusesMoreThanItHoldsAndForgetsWhatHasEnded() {
    AtomicLong now = new AtomicLong();
    MemoryRevocations full = new MemoryRevocations(() -> Instant.ofEpochMilli(now.get()));
    for (int i = 0; i < Revocations.MOST; i++) {
      var unused =
          full.block(new Subject(Kind.TOKEN, "t" + i), Duration.ofSeconds(i == 0 ? 1 : 9), "");
    }
    assertThatThrownBy(() -> join(full.block(user, LONG, "")))
        .hasRootCauseMessage("There are as many blocks as there may be.");
    join(full.block(new Subject(Kind.TOKEN, "t1"), LONG, "again"));

    now.set(1000);
    join(full.block(user, LONG, ""));
    assertThat(join(full.list())).hasSize(Revocations.MOST);
  }
}

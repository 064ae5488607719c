package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryExhaustionTest {
  private static final String DIRECT = "Cannot reserve 65536 bytes of direct buffer memory";

  private final AtomicLong nanos = new AtomicLong(-5); // may be negative
  private final List<String> givenUp = new ArrayList<>();
  private final MemoryExhaustion exhaustion = new MemoryExhaustion(nanos::get, givenUp::add);

  @ParameterizedTest
  @ValueSource(strings = {"Java heap space", "GC overhead limit exceeded", "Metaspace"})
  void exhaustedHeapEndsItAtOnceAndOnce(String message) {
    exhaustion.accept(new CompletionException(new OutOfMemoryError(message)));
    exhaustion.accept(new OutOfMemoryError(message));
    assertThat(givenUp).containsExactly(message);
  }

  @Test
  void directMemoryMayFailForAWhile() {
    fail(1_000, 20);
    assertThat(givenUp).isEmpty();
  }

  @Test
  void directMemoryThatFailsForLongEndsIt() {
    fail(31, 1_000);
    assertThat(givenUp).containsExactly(DIRECT);
  }

  @Test
  void fewFailuresOverALongTimeDoNot() {
    fail(10, 9_000);
    assertThat(givenUp).isEmpty();
  }

  @Test
  void peaceBeginsAnew() {
    fail(25, 1_000);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(11));
    fail(25, 1_000);
    assertThat(givenUp).isEmpty();
  }

  @Test
  void whatIsNoLackOfMemoryIsPassedBy() {
    for (int i = 0; i < 100; i++) {
      exhaustion.accept(new IllegalStateException("Java heap space"));
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    }
    assertThat(givenUp).isEmpty();
  }

  private void fail(int times, long everyMillis) {
    for (int i = 0; i < times; i++) {
      exhaustion.accept(new OutOfMemoryError(DIRECT));
      nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(everyMillis));
    }
  }
}

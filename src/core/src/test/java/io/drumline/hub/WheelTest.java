package io.drumline.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.loop.Periodic;
import io.drumline.loop.TaskGuard;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WheelTest {
  private final AtomicLong nanos = new AtomicLong(12_345);
  private final TaskGuard guard = new Periodic(new SimpleMeterRegistry()).guard("timer");
  private final Wheel wheel = new Wheel(guard, nanos::get);
  private final List<String> fired = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {-5, 0, 1, 99, 100, 101, 350, 51_199, 51_200, 120_000})
  void neverFiresEarlyAndAtMostTwoTicksLate(long millis) {
    pass(37);
    wheel.after(millis, () -> fire("it"));

    pass(Math.max(0, millis - 1));
    assertThat(fired).isEmpty();
    pass(1 + 2 * Wheel.TICK_MILLIS);
    assertThat(fired).containsExactly("it");
  }

  @Test
  void firesInTheOrderOfTheirTimes() {
    wheel.after(700, () -> fire("third"));
    wheel.after(100, () -> fire("first"));
    wheel.after(400, () -> fire("second"));

    pass(1000);

    assertThat(fired).containsExactly("first", "second", "third");
  }

  @Test
  void firesAllThatIsDueAfterAPause() {
    wheel.after(100, () -> fire("first"));
    wheel.after(400, () -> fire("second"));

    nanos.addAndGet(TimeUnit.MINUTES.toNanos(10));
    wheel.advance();

    assertThat(fired).containsExactly("first", "second");
  }

  @Test
  void firesAgainUntilItReturnsNoTime() {
    int[] left = {2};
    wheel.after(
        1,
        () -> {
          fired.add("again " + left[0]);
          return left[0]-- > 0 ? 1 : 0;
        });

    pass(5000);

    assertThat(fired).containsExactly("again 2", "again 1", "again 0");
  }

  @Test
  void aTimerMayAddOthersAlsoToItsOwnSlot() {
    wheel.after(
        1,
        () -> {
          wheel.after(1, () -> fire("added"));
          wheel.after(Wheel.TICK_MILLIS * 512L - 1, () -> fire("a whole turn later"));
          return fire("adding");
        });

    pass(1000);
    assertThat(fired).containsExactly("adding", "added");
    pass(Wheel.TICK_MILLIS * 512L);
    assertThat(fired).containsExactly("adding", "added", "a whole turn later");
  }

  @Test
  void anExceptionOfOneTimerIsNotTheEndOfTheOthers() {
    wheel.after(1, WheelTest::throwException);
    wheel.after(1, () -> fire("beside it"));
    wheel.after(300, () -> fire("later"));

    pass(500);

    assertThat(fired).containsExactly("beside it", "later");
    assertThat(guard.failures()).isEqualTo(1);
  }

  @Test
  void anErrorOfOneTimerIsNotTheEndOfTheOthers() {
    wheel.after(1, WheelTest::throwError);
    wheel.after(1, () -> fire("beside it"));
    wheel.after(300, () -> fire("later"));

    pass(500);

    assertThat(fired).containsExactly("beside it", "later");
    assertThat(guard.failures()).isEqualTo(1);
  }

  @Test
  void aTimerThatThrewIsTriedAgain() {
    int[] calls = {0};
    wheel.after(
        1,
        () -> {
          if (++calls[0] == 1) {
            throw new OutOfMemoryError("on purpose");
          }
          return fire("beat " + calls[0]) + (calls[0] < 4 ? 100 : 0);
        });

    pass(Wheel.AGAIN_MILLIS + 2000);

    assertThat(fired).containsExactly("beat 2", "beat 3", "beat 4");
    assertThat(guard.failures()).isEqualTo(1);
  }

  @Test
  void aTimerThatAlwaysThrowsIsGivenUp() {
    wheel.after(1, WheelTest::throwException);

    pass(10 * Wheel.MAX_FAILURES * Wheel.AGAIN_MILLIS);

    assertThat(guard.failures()).isEqualTo(Wheel.MAX_FAILURES);
  }

  private static long throwException() {
    throw new IllegalStateException("on purpose");
  }

  private static long throwError() {
    throw new AssertionError("on purpose");
  }

  private long fire(String what) {
    fired.add(what);
    return 0;
  }

  /** Time passes, and the loop calls the wheel each tick of its own. */
  private void pass(long millis) {
    for (long i = 0; i < millis; i++) {
      nanos.addAndGet(1_000_000);
      if (nanos.get() / 1_000_000 % Wheel.TICK_MILLIS == 0) {
        wheel.advance();
      }
    }
  }
}

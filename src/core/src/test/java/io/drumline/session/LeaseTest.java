package io.drumline.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A lease of 10 s, renewed every 3 s. */
final class LeaseTest {
  private static final Duration BEAT = Duration.ofSeconds(1);

  private long nanos = -5_000_000_000L; // any value is as good as another
  private long millis = 1_700_000_000_000L;
  private Lease lease;

  @BeforeEach
  void register() {
    lease = new Lease(Duration.ofSeconds(10), Duration.ofSeconds(3), nanos, millis);
    assertThat(lease.age(nanos)).isNegative();
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isNull();
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
    millis += time.toMillis();
  }

  /** Beats once a second, as a node that runs. */
  private void run(Duration time) {
    for (Duration passed = Duration.ZERO; passed.compareTo(time) < 0; passed = passed.plus(BEAT)) {
      pass(BEAT);
      if (beat()) {
        assertThat(lease.failed()).isFalse();
      }
    }
  }

  private boolean beat() {
    return lease.beat(nanos, millis);
  }

  private @Nullable LeaseLoss renewed(boolean held) {
    return lease.renewed(held, nanos);
  }

  @Test
  void isRenewedEveryThreeSeconds() {
    for (int round = 0; round < 3; round++) {
      for (int second = 1; second < 3; second++) {
        pass(BEAT);
        assertThat(beat()).isFalse();
      }
      pass(BEAT);
      assertThat(beat()).isTrue();
      assertThat(renewed(true)).isNull();
    }
  }

  @Test
  void isNotRenewedTwiceAtATime() {
    pass(Duration.ofSeconds(3));
    assertThat(beat()).isTrue();
    pass(Duration.ofSeconds(3));
    assertThat(beat()).isFalse();
  }

  @Test
  void failedRenewalIsTriedAgainAtTheNextBeat() {
    pass(Duration.ofSeconds(3));
    assertThat(beat()).isTrue();
    assertThat(lease.failed()).isFalse();
    pass(BEAT);
    assertThat(beat()).isTrue();
  }

  @Test
  void changeIsToldAtOnceOrRightAfterTheRenewalUnderWay() {
    pass(BEAT);
    lease.renewSoon(nanos);
    assertThat(beat()).isTrue();
    pass(BEAT);
    lease.renewSoon(nanos);
    assertThat(beat()).isFalse();
    assertThat(renewed(true)).isNull();
    assertThat(beat()).isTrue();
    assertThat(renewed(true)).isNull();
    assertThat(beat()).isFalse();
  }

  @Test
  void ageCountsFromTheLastRenewalThatWasAnswered() {
    pass(BEAT);
    assertThat(lease.age(nanos)).isEqualTo(BEAT.toNanos());
    run(Duration.ofSeconds(7));
    assertThat(lease.age(nanos)).isEqualTo(Duration.ofSeconds(8).toNanos());
  }

  @Test
  void hasLapsedWhereTheNodeRanButCouldNotRenew() {
    run(Duration.ofSeconds(12));
    pass(BEAT);
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.LAPSED);
  }

  @Test
  void isLostWhereItCannotHaveEnded() {
    run(Duration.ofSeconds(5));
    pass(BEAT);
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.LOST);
  }

  @Test
  void isGoneWhereTheNodeStoodStill() {
    run(Duration.ofSeconds(2));
    pass(Duration.ofSeconds(11));
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.STOOD_STILL);
    pass(Duration.ofSeconds(3));
    assertThat(beat()).isTrue();
    assertThat(renewed(true)).isNull();
  }

  /** A lease has seven seconds left at worst, when the node stops right before a renewal. */
  @Test
  void pauseThatCanEndALeaseByItselfIsOne() {
    run(Duration.ofSeconds(2));
    pass(Duration.ofSeconds(8));
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.STOOD_STILL);
  }

  @Test
  void shorterPauseIsNone() {
    run(Duration.ofSeconds(2));
    pass(Duration.ofSeconds(6));
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.LOST);
  }

  @Test
  void pauseIsRememberedUntilRedisCanBeReached() {
    pass(Duration.ofSeconds(30));
    assertThat(beat()).isTrue();
    assertThat(lease.failed()).isFalse();
    run(Duration.ofSeconds(5));
    pass(BEAT);
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.STOOD_STILL);
  }

  @Test
  void answerFromBeforeThePauseDoesNotHideIt() {
    pass(Duration.ofSeconds(3));
    assertThat(beat()).isTrue();
    pass(Duration.ofSeconds(30));
    assertThat(beat()).isFalse();
    assertThat(renewed(true)).isNull();
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.STOOD_STILL);
  }

  @Test
  void renewalThatFailsOverAPauseIsTriedAgainAtOnce() {
    pass(Duration.ofSeconds(3));
    assertThat(beat()).isTrue();
    pass(Duration.ofSeconds(30));
    assertThat(beat()).isFalse();
    assertThat(lease.failed()).isTrue();
    assertThat(beat()).isTrue();
    assertThat(lease.failed()).isFalse();
  }

  /** The monotonic clock stands still with a machine that is suspended. */
  @Test
  void suspendedMachineStoodStill() {
    pass(Duration.ofSeconds(3));
    millis += 60_000;
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.STOOD_STILL);
  }

  @Test
  void wallClockThatIsSetIsNoPause() {
    pass(Duration.ofSeconds(3));
    millis += 60_000;
    assertThat(beat()).isTrue();
    assertThat(renewed(true)).isNull();
    run(Duration.ofSeconds(5));
    pass(BEAT);
    assertThat(beat()).isTrue();
    assertThat(renewed(false)).isEqualTo(LeaseLoss.LOST);
  }
}

package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A node that gives clients up, behind balancers that bring back some of them. */
class EffectTest {
  private static final int RATE = 20;
  private static final int SETTLE = 30;

  /** A client that was closed is back, here or elsewhere, so many seconds later. */
  private static final int AWAY = 5;

  private final Effect effect = new Effect(Duration.ofSeconds(SETTLE));
  private final Random random = new Random(3);
  private final int[] closedAt = new int[100_000];
  private int second = 100;
  private int closed;
  private int most;

  private long now() {
    return TimeUnit.SECONDS.toNanos(second);
  }

  /**
   * Lets a node with so many clients beyond the mean go on for a while.
   *
   * @param back how likely each client comes back to this node
   * @return how many it has beyond the mean at the end
   */
  private int run(int beyond, int seconds, double back) {
    int own = beyond;
    for (int i = 0; i < seconds; i++) {
      second++;
      for (int came = 0; came < closedAt[second - AWAY]; came++) {
        if (random.nextDouble() < back) {
          own++;
        }
      }
      int excess = Math.max(0, own);
      int gives = Math.min(RATE, effect.allowed(excess, own, now()));
      for (int given = 0; given < gives; given++) {
        effect.gave(1, excess, now());
      }
      closedAt[second] = gives;
      own -= gives;
      closed += gives;
      most = Math.max(most, gives);
    }
    return own;
  }

  @Test
  void leastConnectionsTakesAllOfThem() {
    assertThat(run(5000, 600, 0.0)).isZero();
    assertThat(effect.futile()).isFalse();
    assertThat(closed).isEqualTo(5000);
    assertThat(most).isEqualTo(RATE);
  }

  @Test
  void roundRobinOfTwoNodesTakesAllOfThemThoughEverySecondComesBack() {
    assertThat(run(5000, 1200, 0.5)).isLessThan(20);
    assertThat(effect.futile()).isFalse();
  }

  @Test
  void aHashBringsThemBackAndOneRoundShowsIt() {
    assertThat(run(5000, 10_000, 1.0)).isEqualTo(5000);
    assertThat(effect.futile()).isTrue();
    assertThat(closed).isEqualTo(Effect.FIRST_ROUND);
  }

  @Test
  void aHashFromWhichSomeStayAwayIsFoundToo() {
    run(5000, 10_000, 0.9);
    assertThat(effect.futile()).isTrue();
    assertThat(closed).isEqualTo(Effect.FIRST_ROUND);
  }

  @Test
  void aHashIsFoundWhereFewAreBeyondTheMean() {
    run(11, 10_000, 1.0);
    assertThat(effect.futile()).isTrue();
    assertThat(closed).isBetween(Effect.FIRST_ROUND, Effect.FIRST_ROUND + 11);
  }

  @Test
  void aBalancerThatBeginsToHashIsFoundInALaterRound() {
    int left = run(5000, 150, 0.0);
    assertThat(left).isLessThan(5000 - 200);
    assertThat(effect.futile()).isFalse();
    run(left, 10_000, 1.0);
    assertThat(effect.futile()).isTrue();
  }

  @Test
  void anotherClusterIsTriedAnew() {
    run(5000, 1000, 1.0);
    effect.reset();
    assertThat(run(5000, 600, 0.0)).isZero();
    assertThat(effect.futile()).isFalse();
  }

  @Test
  void afterABalanceThatHeldItBeginsWithASmallRound() {
    run(500, 600, 0.0);
    closed = 0;
    run(5000, 10_000, 1.0);
    assertThat(effect.futile()).isTrue();
    assertThat(closed).isEqualTo(Effect.FIRST_ROUND);
  }
}

package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What becomes of clients that came at once, when they reach the greatest age. */
class LifetimesTest {
  private static final int CLIENTS = 10_000;
  private static final double DEFAULT_JITTER = 0.2;
  private static final int HOUR = 3_600_000;
  private static final int SECOND = 1000;

  /** When each of them is closed, if it came within two seconds: milliseconds, in order. */
  private static long[] closings(LongUnaryOperator lifetime) {
    return IntStream.range(0, CLIENTS)
        .mapToLong(client -> client * 2L * SECOND / CLIENTS)
        .map(came -> came + lifetime.applyAsLong(came))
        .sorted()
        .toArray();
  }

  private static long[] closings(Duration maxAge, double jitter) {
    Lifetimes lifetimes = new Lifetimes(maxAge, jitter);
    return closings(came -> lifetimes.next());
  }

  private static int busiestSecond(long[] times) {
    Closings closings = new Closings(times.length);
    Arrays.stream(times).forEach(millis -> closings.add(millis * 1_000_000));
    return closings.busiestSecond();
  }

  @Test
  void clientsThatCameAtOnceGoEvenlyOverTheJitter() {
    long[] closings = closings(Duration.ofHours(1), DEFAULT_JITTER);

    // A fifth of an hour is 720 seconds: 13.9 a second.
    assertThat(closings[CLIENTS - 1] - closings[0]).isBetween(715L * SECOND, 722L * SECOND);
    assertThat(busiestSecond(closings)).isLessThanOrEqualTo(17);
    // By chance, as with many a server, the same is:
    Random random = new Random(1);
    long[] byChance =
        closings(came -> Math.round(HOUR * (1 - DEFAULT_JITTER * random.nextDouble())));
    assertThat(busiestSecond(byChance)).isGreaterThan(25);
  }

  @Test
  void theSmallestJitterStillKeepsThemApart() {
    // A tenth of ten minutes is 60 seconds: 167 a second.
    assertThat(busiestSecond(closings(Duration.ofMinutes(10), 0.1))).isLessThanOrEqualTo(180);
  }

  @Test
  void theyStayApartWhenTheyComeAgain() {
    Lifetimes lifetimes = new Lifetimes(Duration.ofHours(1), DEFAULT_JITTER);
    long[] closings = closings(came -> lifetimes.next());
    for (int life = 2; life <= 5; life++) {
      closings = Arrays.stream(closings).map(came -> came + lifetimes.next()).sorted().toArray();
      assertThat(busiestSecond(closings)).as("life " + life).isLessThanOrEqualTo(40);
    }
  }

  @Test
  void nobodyGetsOlderThanTheGreatestAgeOrIsClosedBeforeTheJitter() {
    Lifetimes lifetimes = new Lifetimes(Duration.ofHours(1), DEFAULT_JITTER);
    assertThat(IntStream.range(0, CLIENTS).mapToLong(i -> lifetimes.next()))
        .allSatisfy(age -> assertThat(age).isBetween(HOUR * 8 / 10L, (long) HOUR));
  }
}

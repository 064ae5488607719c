package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PacingTest {
  private static final int COUNT = 5000;
  private static final Duration WINDOW = Duration.ofSeconds(10);
  private static final int MEAN = 500;

  /** A time at which nothing runs for a while, in milliseconds from the start. */
  private record Stall(long at, long length) {}

  /** When the sockets are closed on a machine that stalls so, in nanoseconds from the start. */
  private static List<Long> closings(Stall... stalls) {
    List<Long> times = new ArrayList<>();
    Pacing pacing = new Pacing(COUNT, WINDOW, 0);
    long now = 0;
    for (int i = 0; i < COUNT; i++) {
      now = Math.max(now, pacing.due(i));
      for (Stall stall : stalls) {
        long end = TimeUnit.MILLISECONDS.toNanos(stall.at + stall.length);
        if (now >= TimeUnit.MILLISECONDS.toNanos(stall.at) && now < end) {
          now = end;
        }
      }
      pacing.closes(i, now);
      times.add(now);
    }
    return times;
  }

  private static int busiestSecond(List<Long> times) {
    Closings closings = new Closings(times.size());
    times.forEach(closings::add);
    return closings.busiestSecond();
  }

  private static Duration end(List<Long> times) {
    return Duration.ofNanos(times.get(times.size() - 1));
  }

  @Test
  void theRateIsEven() {
    List<Long> times = closings();
    assertThat(busiestSecond(times)).isLessThanOrEqualTo(MEAN);
    assertThat(end(times)).isBetween(WINDOW.minusMillis(10), WINDOW);
  }

  @ParameterizedTest
  @ValueSource(longs = {90, 300, 1000, 3900})
  void aStallIsFollowedByNoBurst(long millis) {
    List<Long> times = closings(new Stall(4000, millis));
    assertThat(busiestSecond(times)).isLessThanOrEqualTo(MEAN * 11 / 10 + 1);
    assertThat(end(times)).isLessThanOrEqualTo(WINDOW.plusMillis(millis));
  }

  @Test
  void manyStallsAreFollowedByNoBurst() {
    Random random = new Random(7);
    for (int run = 0; run < 100; run++) {
      Stall[] stalls = new Stall[20];
      for (int i = 0; i < stalls.length; i++) {
        stalls[i] = new Stall(random.nextInt(14_000), random.nextInt(300));
      }
      List<Long> times = closings(stalls);
      assertThat(busiestSecond(times)).isLessThanOrEqualTo(MEAN * 5 / 4);
      assertThat(end(times)).isLessThanOrEqualTo(WINDOW.plus(Pacing.MOST_DELAY).plusMillis(400));
    }
  }

  @Test
  void aLongStallDoesNotPutOffTheEndButSpreadsWhatIsLeft() {
    List<Long> times = closings(new Stall(4000, 6000));
    // At the tenth second 3,000 are left, and 4 seconds.
    assertThat(busiestSecond(times)).isBetween(740, 760);
    assertThat(end(times)).isLessThanOrEqualTo(WINDOW.plus(Pacing.MOST_DELAY));
  }

  @Test
  void allAreClosedAtOnceWhereNoTimeIsLeft() {
    List<Long> times = closings(new Stall(4000, 60_000));
    assertThat(end(times)).isEqualTo(Duration.ofSeconds(64));
    Pacing none = new Pacing(COUNT, Duration.ZERO, 0);
    assertThat(none.due(COUNT - 1)).isZero();
    assertThat(none.mostAtOnce()).isEqualTo(COUNT);
  }

  @Test
  void eventLoopsThatAreLateGetFewAtOnce() {
    assertThat(new Pacing(COUNT, WINDOW, 0).mostAtOnce()).isEqualTo(MEAN / 10);
    assertThat(new Pacing(1, WINDOW, 0).mostAtOnce()).isEqualTo(1);
    assertThat(new Pacing(0, WINDOW, 0).mostAtOnce()).isEqualTo(1);
  }

  @Test
  void whoWaitsForAnEventLoopWaitsNoLongerThanTheEndMayBePutOff() {
    Pacing pacing = new Pacing(COUNT, WINDOW, 0);
    long now = 0;
    for (int i = 0; i < COUNT; i++) { // one that never answers
      now = Math.max(now, pacing.latest(i));
      pacing.closes(i, now);
    }
    assertThat(Duration.ofNanos(now))
        .isLessThanOrEqualTo(WINDOW.plus(Pacing.MOST_DELAY).plus(Pacing.MOST_LATE));
  }
}

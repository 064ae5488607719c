package io.drumline.listener;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RetryAfterTest {

  @Test
  void spreadsAFewOverThreeSeconds() {
    RetryAfter few = new RetryAfter(5000);
    assertThat(IntStream.range(0, 1000).map(i -> few.next(0)).distinct().sorted())
        .containsExactly(1, 2, 3);
  }

  @Test
  void spreadsACrowdOverTheTimeThatItNeeds() {
    RetryAfter crowd = new RetryAfter(100);
    IntStream.range(0, 1000).forEach(i -> crowd.next(0));
    assertThat(IntStream.range(0, 99).map(i -> crowd.next(0)).max().orElseThrow()).isBetween(4, 14);
  }

  @Test
  void staysWithinHalfAMinute() {
    RetryAfter crowd = new RetryAfter(1);
    assertThat(IntStream.range(0, 10_000).map(i -> crowd.next(0)))
        .allMatch(seconds -> seconds >= 1 && seconds <= 30);
  }

  @Test
  void forgetsACrowdOfAnotherSecond() {
    RetryAfter quiet = new RetryAfter(100);
    IntStream.range(0, 1000).forEach(i -> quiet.next(0));
    assertThat(IntStream.range(0, 99).map(i -> quiet.next(1_000_000_000)))
        .allMatch(seconds -> seconds <= 3);
  }
}

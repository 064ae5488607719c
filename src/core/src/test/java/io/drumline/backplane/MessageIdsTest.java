package io.drumline.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MessageIdsTest {
  private final MessageIds ids = new MessageIds();

  @Test
  void givesEachIdOnce() {
    assertThat(new HashSet<>(next(10_000))).hasSize(10_000);
  }

  @Test
  void knowsWhenOneInEightWasGiven() {
    long before = System.nanoTime();
    List<String> given = next(80);
    long after = System.nanoTime();
    List<Long> times = given.stream().map(ids::givenAt).filter(time -> time != 0).toList();
    assertThat(times).hasSize(10).isSorted().allMatch(time -> time >= before && time <= after);
  }

  @Test
  void forgetsTheTimesOfOldIds() {
    List<String> old = next(8);
    next(8 * 4096);
    assertThat(old).allMatch(id -> ids.givenAt(id) == 0);
  }

  @Test
  void knowsNoTimeOfOthersIds() {
    next(80);
    String other = new MessageIds().incarnation();
    assertThat(List.of(other + "-8", "", ids.incarnation(), ids.incarnation() + "-", "x-8"))
        .allMatch(id -> ids.givenAt(id) == 0);
    assertThat(ids.givenAt(ids.incarnation() + "-8")).isNotZero();
    assertThat(ids.givenAt(ids.incarnation() + "-~~zzzzzzzzzzzzzzzzzzzzzz")).isZero();
  }

  private List<String> next(int count) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(ids.next());
    }
    return all;
  }
}

package io.drumline.hub.order;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * Runs {@link Order} through random schedules against a model of the backplane. One that fails is
 * run again alone by {@code -Ddrumline.model.seed=<seed> -Ddrumline.model.schedules=1}.
 */
class OrderModelTest {
  private static final long FIRST_SEED = Long.getLong("drumline.model.seed", 1);
  private static final int SCHEDULES = Integer.getInteger("drumline.model.schedules", 1_000_000);

  @Test
  void noScheduleLosesDoublesOrReordersUnflagged() {
    Tally tally = new Tally();
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
      try {
        new OrderSchedule(seed, OrderSchedule.Fault.NONE, tally).run();
      } catch (AssertionError | RuntimeException failure) {
        throw new AssertionError(
            "Schedule with seed " + seed + ": " + failure.getMessage(), failure);
      }
    }
    if (SCHEDULES >= 10_000) {
      // else the schedules prove nothing
      assertThat(tally.delivered).isGreaterThan(SCHEDULES);
      assertThat(tally.resumed).isGreaterThan(SCHEDULES / 10);
      assertThat(tally.repaired).isGreaterThan(SCHEDULES / 10);
      assertThat(tally.gaps).allSatisfy((reason, count) -> assertThat(count).isPositive());
      assertThat(tally.gaps).hasSize(4);
    }
  }

  /** The model must see what it is there to see. */
  @Test
  void everySeededFaultOfTheOrderIsFound() {
    for (OrderSchedule.Fault fault : OrderSchedule.Fault.values()) {
      if (fault != OrderSchedule.Fault.NONE) {
        assertThat(isFound(fault)).as("%s is found", fault).isTrue();
      }
    }
  }

  private static boolean isFound(OrderSchedule.Fault fault) {
    for (long seed = 1; seed <= 10_000; seed++) {
      try {
        new OrderSchedule(seed, fault, new Tally()).run();
      } catch (AssertionError found) {
        return true;
      }
    }
    return false;
  }
}

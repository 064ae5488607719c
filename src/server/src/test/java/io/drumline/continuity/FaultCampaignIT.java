package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.continuity.Injections.Injection;
import io.drumline.continuity.Injections.Kind;
import io.drumline.continuity.Injections.When;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.springframework.boot.convert.DurationStyle;

/**
 * Whatever step of a node fails, in whatever way: nobody misses a message without a notice, nothing
 * stops for good, and each failure is counted and logged.
 */
class FaultCampaignIT {
  private static final int MOST_AT_ONCE = 8;
  private static final int LEAST_PAUSE_MILLIS = 50;
  private static final int MOST_PAUSE_MILLIS = 450;

  @Test
  void everyStepMayFail() {
    try (Campaign campaign = new Campaign(System.nanoTime())) {
      Map<String, Double> before = campaign.counted();
      List<Injection> all = campaign.injections();
      for (When when : When.values()) {
        for (Kind kind : Kind.values()) {
          all.stream()
              .filter(each -> each.when() == when && each.kind() == kind)
              .forEach(campaign.injections::arm);
          campaign.awaitFired(); // fails where a step is not passed: it has no injection
        }
      }
      Verdict verdict = campaign.finish();
      assertThat(verdict.faults()).as(verdict::toString).isEmpty();
      assertThat(campaign.uncounted(before)).isEmpty();
      assertThat(campaign.unlogged()).isEmpty();
    }
  }

  /** Not in CI: {@code -Ddrumline.campaign.duration=10m}, and the seed to run one again. */
  @Test
  @EnabledIfSystemProperty(named = "drumline.campaign.duration", matches = ".+")
  void anyStepsFailAtAnyTime() {
    long seed = Long.getLong("drumline.campaign.seed", System.nanoTime());
    Duration duration =
        DurationStyle.detectAndParse(System.getProperty("drumline.campaign.duration"));
    System.out.println("Fault campaign with -Ddrumline.campaign.seed=" + seed);
    Random random = new Random(seed);
    try (Campaign campaign = new Campaign(seed)) {
      Map<String, Double> before = campaign.counted();
      List<Injection> all = campaign.injections();
      long end = System.nanoTime() + duration.toNanos();
      while (System.nanoTime() - end < 0) {
        int count = 1 + random.nextInt(MOST_AT_ONCE);
        for (int i = 0; i < count; i++) {
          campaign.injections.arm(all.get(random.nextInt(all.size())));
        }
        campaign.pause(Duration.ofMillis(random.nextInt(LEAST_PAUSE_MILLIS, MOST_PAUSE_MILLIS)));
        campaign.stir();
      }
      all.forEach(campaign.injections::disarm);
      Verdict verdict = campaign.finish();
      System.out.println(campaign.injections.total() + " steps failed: " + verdict);
      assertThat(verdict.faults()).as(verdict::toString).isEmpty();
      assertThat(campaign.uncounted(before)).isEmpty();
    }
  }
}

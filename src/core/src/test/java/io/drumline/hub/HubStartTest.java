package io.drumline.hub;

import static org.awaitility.Awaitility.await;

import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A hub on a machine that is so busy that its event loops are ahead of it. */
class HubStartTest {

  @Test
  void looksAtTheClockHoweverLongItsMetricsTakeToBeMade() {
    try (EventLoops loops = new EventLoops(1)) {
      SimpleMeterRegistry slow =
          new SimpleMeterRegistry() {
            @Override
            protected Timer newTimer(
                Meter.Id id, DistributionStatisticConfig config, PauseDetector pauses) {
              // Until a timer of the hub's would have come.
              loops
                  .loops()
                  .get(0)
                  .schedule(() -> {}, 3 * Wheel.TICK_MILLIS, TimeUnit.MILLISECONDS)
                  .syncUninterruptibly();
              return super.newTimer(id, config, pauses);
            }
          };
      MessageIds ids = new MessageIds();
      new Hub(
          loops,
          new MemoryBackplane(
              ids, Retentions.DEFAULTS, MemoryLimits.DEFAULTS, new SimpleMeterRegistry()),
          ids,
          TestSettings.hub(Map.of()),
          slow,
          null);

      await().until(() -> slow.get("drumline.loop.delay").timer().count() > 0);
    }
  }
}

package io.drumline.ops;

import io.drumline.loop.Watchdog;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Liveness of the node's periodic tasks: waiting does not repair a loop that has ended, or is stuck
 * for 30 s. Part of liveness.
 */
@Component("loopsHealthIndicator")
final class LoopsHealthIndicator implements HealthIndicator {
  private final Watchdog watchdog;

  LoopsHealthIndicator(Watchdog watchdog) {
    this.watchdog = watchdog;
  }

  @Override
  public Health health() {
    return watchdog.live()
        ? Health.up().build()
        : Health.down().withDetail("stuck", watchdog.stuck()).build();
  }
}

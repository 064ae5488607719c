package io.drumline.ops;

import io.drumline.backplane.Backplane;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Ready while the backplane accepts messages. Part of readiness, never of liveness. */
@Component("backplaneHealthIndicator")
final class BackplaneHealthIndicator implements HealthIndicator {
  private final Backplane backplane;

  BackplaneHealthIndicator(Backplane backplane) {
    this.backplane = backplane;
  }

  @Override
  public Health health() {
    return (backplane.available() ? Health.up() : Health.down()).build();
  }
}

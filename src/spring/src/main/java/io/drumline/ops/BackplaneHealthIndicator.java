package io.drumline.ops;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.BackplaneStatus;
import io.drumline.backplane.BackplaneStatus.Problem;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * The state of the backplane. Part of readiness, never of liveness: DOWN while messages cannot
 * pass, which removes the node from load balancing. DEGRADED, which does not, while Redis rejects
 * some operations or may evict keys, since that affects all nodes. The details give the reasons.
 */
@Component("backplaneHealthIndicator")
final class BackplaneHealthIndicator implements HealthIndicator {
  private final Backplane backplane;

  BackplaneHealthIndicator(Backplane backplane) {
    this.backplane = backplane;
  }

  @Override
  public Health health() {
    BackplaneStatus status = backplane.status();
    Health.Builder health = Health.status(status.state().name());
    for (Problem problem : status.problems()) {
      health.withDetail(problem.reason(), problem.sentence());
    }
    return health.build();
  }
}

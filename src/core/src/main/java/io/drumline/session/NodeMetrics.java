package io.drumline.session;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;

/** The names and meters of leases. Any thread. */
final class NodeMetrics {
  final Counter renewed;
  final Counter failed;
  private final Map<LeaseLoss, Counter> losses = new EnumMap<>(LeaseLoss.class);

  NodeMetrics(MeterRegistry registry, IntSupplier alive, DoubleSupplier ageSeconds) {
    Gauge.builder("drumline.nodes", alive::getAsInt)
        .description("Nodes whose lease has not ended, as far as this node knows; itself included")
        .register(registry);
    Gauge.builder("drumline.lease.age", ageSeconds::getAsDouble)
        .description("Since this node's lease was last renewed; NaN before the first time")
        .baseUnit("seconds")
        .register(registry);
    renewed = renewals(registry, "renewed");
    failed = renewals(registry, "failed");
    for (LeaseLoss loss : LeaseLoss.values()) {
      losses.put(
          loss,
          Counter.builder("drumline.lease.losses")
              .tag("reason", loss.name().toLowerCase(Locale.ROOT))
              .description("Times that this node found its lease gone")
              .register(registry));
    }
  }

  private static Counter renewals(MeterRegistry registry, String outcome) {
    return Counter.builder("drumline.lease.renewals")
        .tag("outcome", outcome)
        .description("Renewals of this node's lease")
        .register(registry);
  }

  void lost(LeaseLoss loss) {
    Objects.requireNonNull(losses.get(loss)).increment();
  }
}

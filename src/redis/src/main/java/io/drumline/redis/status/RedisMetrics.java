package io.drumline.redis.status;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** The names and meters of Redis. */
public final class RedisMetrics {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(25),
    Duration.ofMillis(100),
    Duration.ofMillis(500)
  };

  private final MeterRegistry registry;
  private final Timer publish;
  private final Counter publishFailures;
  private final Counter publishRetries;
  private final Timer read;
  private final Counter readFailures;
  private final Timer roundTrip;
  private final Counter reconnects;
  private final Counter invalidEnvelopes;
  private final Map<RedisRefusal, Counter> refusals = new EnumMap<>(RedisRefusal.class);

  public RedisMetrics(MeterRegistry registry) {
    this.registry = registry;
    publish =
        Timer.builder("drumline.redis.publish")
            .description("From publish to the answer of Redis, for accepted publications.")
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    publishFailures =
        Counter.builder("drumline.redis.publish.failures")
            .description("Publications that Redis did not accept, or not surely.")
            .register(registry);
    publishRetries =
        Counter.builder("drumline.redis.publish.retries")
            .description("Publications that were sent again because their answer was lost.")
            .register(registry);
    read =
        Timer.builder("drumline.redis.read")
            .description("From asking Redis for history to its answer.")
            .register(registry);
    readFailures =
        Counter.builder("drumline.redis.read.failures")
            .description("Reads of history that Redis did not answer.")
            .register(registry);
    roundTrip =
        Timer.builder("drumline.redis.roundtrip")
            .description("From the publishing to the pub/sub connection through Redis, by probes.")
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    reconnects =
        Counter.builder("drumline.redis.reconnects")
            .description("Connections to Redis that were opened in place of lost ones.")
            .register(registry);
    invalidEnvelopes =
        Counter.builder("drumline.redis.envelopes.invalid")
            .description("Messages in Redis that were not envelopes, and were dropped.")
            .register(registry);
    for (RedisRefusal reason : RedisRefusal.values()) {
      refusals.put(
          reason,
          Counter.builder("drumline.redis.refusals")
              .description("Commands that Redis answered with an error, by what the error means.")
              .tag("reason", reason.label())
              .register(registry));
    }
  }

  /** A publication was accepted, after this time. */
  public void published(long nanos) {
    publish.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A publication was not accepted, or its outcome is unknown. */
  public void publishFailed() {
    publishFailures.increment();
  }

  /** A publication was resent. */
  public void publishRetried() {
    publishRetries.increment();
  }

  /** Redis has answered a read of history, after this time. */
  public void read(long nanos) {
    read.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A read of history has failed. */
  public void readFailed() {
    readFailures.increment();
  }

  /** A probe has arrived, after this time. */
  public void roundTrip(long nanos) {
    roundTrip.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A connection has replaced a lost one. */
  public void reconnected() {
    reconnects.increment();
  }

  /** Data in Redis was dropped because no node can have written it. */
  public void invalidEnvelope() {
    invalidEnvelopes.increment();
  }

  void refused(RedisRefusal reason) {
    Objects.requireNonNull(refusals.get(reason)).increment();
  }

  /** Shows which refusals are active, by reason. */
  void refusals(Predicate<RedisRefusal> refused) {
    for (RedisRefusal reason : RedisRefusal.values()) {
      degraded(reason.label(), () -> refused.test(reason));
    }
  }

  /** Shows whether the node is degraded for a reason. */
  public void degraded(String reason, BooleanSupplier degraded) {
    Gauge.builder("drumline.redis.degraded", () -> degraded.getAsBoolean() ? 1 : 0)
        .description("1 while Redis refuses commands, or may evict keys, for this reason, else 0.")
        .tag("reason", reason)
        .register(registry);
  }

  public void held(AtomicInteger publications, AtomicLong bytes) {
    Gauge.builder("drumline.redis.publish.held", publications, Number::doubleValue)
        .description("Publications that wait for Redis or for its answer.")
        .register(registry);
    Gauge.builder("drumline.redis.publish.held.bytes", bytes, Number::doubleValue)
        .description("Bytes of the publications that wait for Redis or for its answer.")
        .register(registry);
  }

  public void up(BooleanSupplier up) {
    Gauge.builder("drumline.redis.up", () -> up.getAsBoolean() ? 1 : 0)
        .description("1 while publications can be accepted, else 0.")
        .register(registry);
  }
}

package io.drumline.redis;

import io.drumline.backplane.BackplaneStatus;
import io.drumline.backplane.BackplaneStatus.Problem;
import io.drumline.backplane.BackplaneStatus.State;
import io.drumline.redis.shard.RedisShards;
import io.drumline.redis.status.RedisOutage;
import io.drumline.redis.status.RedisRefusals;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The health of the backplane, derived from its parts. Thread safe. */
final class RedisHealth {
  private final String place;
  private final RedisOutage outage;
  private final RedisRefusals refusals;
  private final RedisShards shards;
  private final BooleanSupplier subscribed;

  /**
   * @param subscribed whether there is a subscribed connection
   */
  RedisHealth(
      String place,
      RedisOutage outage,
      RedisRefusals refusals,
      RedisShards shards,
      BooleanSupplier subscribed) {
    this.place = place;
    this.outage = outage;
    this.refusals = refusals;
    this.shards = shards;
    this.subscribed = subscribed;
  }

  /** True also if some masters of a cluster are unavailable: the others still work. */
  boolean available() {
    return subscribed.getAsBoolean()
        && shards.serving().stream()
            .anyMatch(shard -> shard.connection() != null && shard.probe().fresh());
  }

  /** Whether all connections are up. */
  boolean isWhole() {
    return subscribed.getAsBoolean()
        && !shards.serving().isEmpty()
        && shards.serving().stream().allMatch(shard -> shard.connection() != null);
  }

  BackplaneStatus status() {
    List<Problem> problems = new ArrayList<>(refusals.problems());
    eviction().ifPresent(problems::add);
    if (available()) {
      return new BackplaneStatus(problems.isEmpty() ? State.UP : State.DEGRADED, problems);
    }
    if (refusals.problems().isEmpty()) {
      problems.add(
          0,
          new Problem(
              "unavailable", "Redis at %s cannot be used: %s.".formatted(place, outage.reason())));
    }
    return new BackplaneStatus(State.DOWN, problems);
  }

  /** The problem that Redis may evict keys, if so. */
  Optional<Problem> eviction() {
    return shards.all().stream().flatMap(shard -> shard.eviction().problem().stream()).findFirst();
  }
}

package io.drumline.redis.status;

import io.drumline.backplane.BackplaneStatus.Problem;
import io.drumline.loop.ThrottledLog;
import io.drumline.redis.command.ErrorReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The operations that Redis has rejected recently, and why: counted, logged, and kept as the node's
 * state until Redis accepts the same operation again. Thread safe; an accepted operation costs one
 * volatile read if nothing is refused.
 */
public final class RedisRefusals {
  /** A refusal is dropped if its operation was not retried for this long, while others succeed. */
  private static final Duration FORGOTTEN = Duration.ofMinutes(1);

  /** The refusal of one kind of operation, until it is over. */
  private record Refused(RedisRefusal reason, long last) {}

  private final String place;
  private final RedisMetrics metrics;
  private final Duration quiet;
  private final LongSupplier nanos;
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(RedisRefusals.class));

  /** Replaced at each change; empty while Redis accepts everything. */
  private volatile Map<Operation, Refused> refused = Map.of();

  /**
   * @param place the address of Redis, for the log
   * @param quiet minimum time for which a refusal remains the state, so that it does not flicker
   *     when failures and successes alternate
   * @param nanos the clock, in nanoseconds
   */
  public RedisRefusals(String place, RedisMetrics metrics, Duration quiet, LongSupplier nanos) {
    this.place = place;
    this.metrics = metrics;
    this.quiet = quiet;
    this.nanos = nanos;
    metrics.refusals(this::isRefused);
  }

  /**
   * An operation has failed; counted if Redis answered with an error.
   *
   * @return the meaning of the error; null if Redis did not answer
   */
  public @Nullable RedisRefusal failed(Operation operation, @Nullable Throwable failure) {
    String answer = ErrorReply.in(failure);
    if (answer == null) {
      return null;
    }
    RedisRefusal reason = RedisRefusal.in(answer);
    metrics.refused(reason);
    Refused now = new Refused(reason, nanos.getAsLong());
    synchronized (this) {
      Map<Operation, Refused> next = copy();
      next.put(operation, now);
      refused = next;
    }
    if (operation != Operation.CONNECT) { // RedisOutage logs connections
      log.warn(
          operation + " " + reason,
          "Redis at {} rejected {}: {}; {} (it answered: {})",
          place,
          operation.logged(),
          reason.clause(),
          reason.advice(),
          answer);
    }
    return reason;
  }

  /** Redis has accepted an operation. */
  public void accepted(Operation operation) {
    if (!refused.isEmpty()) {
      end(operation);
    }
  }

  private synchronized void end(Operation operation) {
    long now = nanos.getAsLong();
    Map<Operation, Refused> next = copy();
    next.entrySet()
        .removeIf(
            each -> {
              long age = now - each.getValue().last;
              boolean over = operation.isForAll() || age >= quiet.toNanos();
              return (each.getKey() == operation && over) || age >= FORGOTTEN.toNanos();
            });
    if (next.size() < refused.size()) {
      refused = Map.copyOf(next);
      if (next.isEmpty()) {
        log.info("accepted", "Redis at {} accepts all operations again", place);
      }
    }
  }

  private Map<Operation, Refused> copy() {
    Map<Operation, Refused> copy = new EnumMap<>(Operation.class);
    copy.putAll(refused);
    return copy;
  }

  private boolean isRefused(RedisRefusal reason) {
    return refused.values().stream().anyMatch(each -> each.reason == reason);
  }

  /** The current refusals, one problem per reason. */
  public List<Problem> problems() {
    Map<RedisRefusal, List<String>> operations = new EnumMap<>(RedisRefusal.class);
    copy()
        .forEach(
            (operation, each) ->
                operations
                    .computeIfAbsent(each.reason, reason -> new ArrayList<>())
                    .add(operation.logged()));
    return operations.entrySet().stream()
        .map(
            each ->
                new Problem(
                    each.getKey().label(),
                    "Redis rejects %s: %s; %s."
                        .formatted(
                            String.join(", ", each.getValue()),
                            each.getKey().clause(),
                            each.getKey().advice())))
        .toList();
  }

  /** The error message for clients when Redis has rejected an operation. */
  public String rejected(String what, Operation operation, RedisRefusal reason) {
    return "%s, because Redis rejected %s; %s."
        .formatted(what, operation.object(), reason.clause());
  }

  /** The error message for clients when an operation cannot be tried now. */
  public String unavailable(String what) {
    for (Map.Entry<Operation, Refused> each : copy().entrySet()) {
      RedisRefusal reason = each.getValue().reason;
      if (each.getKey().isForAll()
          || reason == RedisRefusal.READONLY
          || reason == RedisRefusal.UNKNOWN_COMMAND) {
        return rejected(what, each.getKey(), each.getValue().reason);
      }
    }
    return what + "; the backplane is unavailable.";
  }
}

package io.drumline.redis.status;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs that Redis is unavailable and that it is available again: one line per outage and kind of
 * error, repeated every half minute, however often the connections are retried. Used on the
 * backplane's thread only, except {@link #reason}.
 */
public final class RedisOutage {
  private static final Logger logger = LoggerFactory.getLogger(RedisOutage.class);
  private static final long REPEAT_NANOS = Duration.ofSeconds(30).toNanos();

  /** A delay up to this long is not an outage at the start: both may start at the same time. */
  private static final long START_NANOS = Duration.ofSeconds(5).toNanos();

  /** The error code at the beginning of an error from Redis. */
  private static final Pattern CODE = Pattern.compile("[A-Z]{2,}\\b.*");

  /** The progress of the start. */
  private enum Start {
    UNTRIED,
    WAITING,
    DONE
  }

  private final String place;
  private final LongSupplier nanos;
  private Start start = Start.UNTRIED;
  private long firstFailure;
  private volatile @Nullable String reason;

  /** When this outage was last logged, by the kind of error; empty if Redis did not answer. */
  private final Map<Optional<RedisRefusal>, Long> toldAt = new HashMap<>();

  /**
   * @param nanos {@link System#nanoTime}
   */
  public RedisOutage(String place, LongSupplier nanos) {
    this.place = place;
    this.nanos = nanos;
  }

  public void lasts(String reason) {
    this.reason = reason;
    long now = nanos.getAsLong();
    Optional<RedisRefusal> answer = answer(reason);
    if (answer.isEmpty() && isStarting(reason, now)) {
      return;
    }
    Long told = toldAt.get(answer);
    if (told == null || now - told > REPEAT_NANOS) {
      toldAt.put(answer, now);
      logger.warn("Redis at {} cannot be used: {}; retrying", place, explained(reason));
    }
  }

  private static Optional<RedisRefusal> answer(String reason) {
    RedisRefusal refusal = RedisRefusal.in(reason);
    return refusal != RedisRefusal.OTHER || CODE.matcher(reason).matches()
        ? Optional.of(refusal)
        : Optional.empty();
  }

  private boolean isStarting(String reason, long now) {
    if (start == Start.UNTRIED) {
      start = Start.WAITING;
      firstFailure = now;
      logger.info("Redis at {} has not answered yet ({}); retrying", place, reason);
    } else if (start == Start.WAITING && now - firstFailure >= START_NANOS) {
      start = Start.DONE;
    }
    return start == Start.WAITING;
  }

  /** Why Redis is unavailable, as far as known; continues a sentence. Any thread. */
  public String reason() {
    String known = reason;
    return known == null ? "it does not answer" : explained(known);
  }

  /** Adds what an error from Redis means, and what to do. */
  static String explained(String reason) {
    RedisRefusal refusal = RedisRefusal.in(reason);
    return refusal == RedisRefusal.OTHER
        ? reason
        : "%s; %s (it answered: %s)".formatted(refusal.clause(), refusal.advice(), reason);
  }

  public void over() {
    if (start == Start.DONE && reason == null) {
      return; // already logged
    }
    start = Start.DONE;
    reason = null;
    toldAt.clear();
    logger.info("Connected to Redis at {}", place);
  }
}

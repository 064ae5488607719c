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
 * Says in the log that Redis is unavailable and that it is back: a line for the outage, one for
 * each kind of error that Redis answers, and again every half minute, however often both
 * connections try. Used on the backplane's thread only, except {@link #reason}.
 */
public final class RedisOutage {
  private static final Logger logger = LoggerFactory.getLogger(RedisOutage.class);
  private static final long REPEAT_NANOS = Duration.ofSeconds(30).toNanos();

  /** A first answer that takes so long is no outage: both may start at the same time. */
  private static final long START_NANOS = Duration.ofSeconds(5).toNanos();

  /** The error code that an answer of Redis begins with. */
  private static final Pattern CODE = Pattern.compile("[A-Z]{2,}\\b.*");

  /** How far the start has come. */
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

  /** When this outage was told last, by what Redis answered; empty: it did not. */
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

  /** Why Redis cannot be used, as far as is known; continues a sentence. From any thread. */
  public String reason() {
    String known = reason;
    return known == null ? "it does not answer" : explained(known);
  }

  /** With what an answer of Redis means, and what to do. */
  static String explained(String reason) {
    RedisRefusal refusal = RedisRefusal.in(reason);
    return refusal == RedisRefusal.OTHER
        ? reason
        : "%s; %s (it answered: %s)".formatted(refusal.clause(), refusal.advice(), reason);
  }

  public void over() {
    if (start == Start.DONE && reason == null) {
      return; // that is known
    }
    start = Start.DONE;
    reason = null;
    toldAt.clear();
    logger.info("Connected to Redis at {}", place);
  }
}

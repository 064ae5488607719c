package io.drumline.redis;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log that Redis is unavailable and that it is back: a line for each new reason, and
 * one every half minute, however often both connections try. Used on the backplane's thread only.
 */
final class RedisOutage {
  private static final Logger logger = LoggerFactory.getLogger(RedisOutage.class);
  private static final long REPEAT_NANOS = Duration.ofSeconds(30).toNanos();

  private static final int MOST_REASONS = 64;

  private final String place;

  /** When each reason of this outage was told last. */
  private final Map<String, Long> toldAt = new HashMap<>();

  RedisOutage(String place) {
    this.place = place;
  }

  void lasts(String reason) {
    long now = System.nanoTime();
    Long told = toldAt.get(reason);
    if (told == null || now - told > REPEAT_NANOS) {
      if (toldAt.size() >= MOST_REASONS) {
        toldAt.clear();
      }
      toldAt.put(reason, now);
      logger.warn("Redis at {} cannot be used: {}; retrying", place, explained(reason));
    }
  }

  /** With what an answer of Redis means, and what to do. */
  static String explained(String reason) {
    RedisRefusal refusal = RedisRefusal.in(reason);
    return refusal == RedisRefusal.OTHER
        ? reason
        : "%s; %s (it answered: %s)".formatted(refusal.clause(), refusal.advice(), reason);
  }

  void over() {
    toldAt.clear();
    logger.info("Connected to Redis at {}", place);
  }

  /** The innermost reason, which is the one that names the host or the refusal. */
  static String reasonOf(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof TimeoutException) {
      return "it does not answer";
    }
    return cause.getMessage() != null ? cause.getMessage() : cause.getClass().getSimpleName();
  }
}

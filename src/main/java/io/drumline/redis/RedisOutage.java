package io.drumline.redis;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log that Redis is unavailable and that it is back: a line for the outage, one for
 * each error that Redis answers, and again every half minute, however often both connections try.
 * Used on the backplane's thread only, except {@link #reason}.
 */
final class RedisOutage {
  private static final Logger logger = LoggerFactory.getLogger(RedisOutage.class);
  private static final long REPEAT_NANOS = Duration.ofSeconds(30).toNanos();

  /** A first answer that takes so long is no outage: both may start at the same time. */
  private static final long START_NANOS = Duration.ofSeconds(5).toNanos();

  private final String place;
  private final LongSupplier nanos;
  private boolean connectedBefore;

  /** When the first attempt failed, which is told at INFO; null before. */
  private @Nullable Long firstFailure;

  private volatile @Nullable String reason;

  /** When this outage was told last, by what Redis answered. */
  private final Map<RedisRefusal, Long> toldAt = new EnumMap<>(RedisRefusal.class);

  /**
   * @param nanos {@link System#nanoTime}
   */
  RedisOutage(String place, LongSupplier nanos) {
    this.place = place;
    this.nanos = nanos;
  }

  void lasts(String reason) {
    this.reason = reason;
    long now = nanos.getAsLong();
    RedisRefusal refusal = RedisRefusal.in(reason);
    if (refusal == RedisRefusal.OTHER && !connectedBefore) {
      if (firstFailure == null) {
        firstFailure = now;
        logger.info("Redis at {} has not answered yet ({}); retrying", place, reason);
      }
      if (now - firstFailure < START_NANOS) {
        return;
      }
    }
    Long told = toldAt.get(refusal);
    if (told == null || now - told > REPEAT_NANOS) {
      toldAt.put(refusal, now);
      logger.warn("Redis at {} cannot be used: {}; retrying", place, explained(reason));
    }
  }

  /** Why it cannot be used, as far as is known; null where it can. From any thread. */
  @Nullable String reason() {
    return reason;
  }

  /** With what an answer of Redis means, and what to do. */
  static String explained(String reason) {
    RedisRefusal refusal = RedisRefusal.in(reason);
    return refusal == RedisRefusal.OTHER
        ? reason
        : "%s; %s (it answered: %s)".formatted(refusal.clause(), refusal.advice(), reason);
  }

  void over() {
    connectedBefore = true;
    reason = null;
    toldAt.clear();
    logger.info("Connected to Redis at {}", place);
  }
}

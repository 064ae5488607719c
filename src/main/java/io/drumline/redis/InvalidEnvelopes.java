package io.drumline.redis;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what should be an envelope and is none, and says so in the log, one line in ten seconds.
 * Thread safe.
 */
final class InvalidEnvelopes {
  private static final Logger logger = LoggerFactory.getLogger(InvalidEnvelopes.class);
  private static final long LOG_NANOS = Duration.ofSeconds(10).toNanos();

  private final RedisMetrics metrics;
  private final AtomicLong logAt = new AtomicLong(System.nanoTime());

  InvalidEnvelopes(RedisMetrics metrics) {
    this.metrics = metrics;
  }

  /**
   * @param where the channel, or the destination whose history it is from
   */
  void dropped(Object where, Envelope.MalformedException reason) {
    metrics.invalidEnvelopes.increment();
    long now = System.nanoTime();
    long at = logAt.get();
    if (now - at >= 0 && logAt.compareAndSet(at, now + LOG_NANOS)) {
      logger.warn(
          "Dropped a message of {} in Redis: it is not an envelope ({})",
          where,
          reason.getMessage());
    }
  }
}

package io.drumline.redis.format;

import io.drumline.redis.status.RedisMetrics;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts and logs (one line in ten seconds) data in Redis that no node can have written and that
 * was dropped, such as invalid envelopes. Thread safe.
 */
public final class InvalidEnvelopes {
  private static final Logger logger = LoggerFactory.getLogger(InvalidEnvelopes.class);
  private static final long LOG_NANOS = Duration.ofSeconds(10).toNanos();

  private final RedisMetrics metrics;
  private final AtomicLong logAt = new AtomicLong(System.nanoTime());

  public InvalidEnvelopes(RedisMetrics metrics) {
    this.metrics = metrics;
  }

  /**
   * Counts an invalid envelope.
   *
   * @param where the channel, or the destination whose history it is from
   */
  public void dropped(Object where, MalformedException reason) {
    dropped(where, "it is not an envelope (" + reason.getMessage() + ')');
  }

  /**
   * Counts other invalid data.
   *
   * @param reason what is wrong, for the log; in the server's words, not the sender's
   */
  public void dropped(Object where, String reason) {
    metrics.invalidEnvelope();
    long now = System.nanoTime();
    long at = logAt.get();
    if (now - at >= 0 && logAt.compareAndSet(at, now + LOG_NANOS)) {
      logger.warn("Dropped a message of {} in Redis: {}", where, reason);
    }
  }
}

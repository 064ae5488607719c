package io.drumline.redis.format;

import io.drumline.redis.status.RedisMetrics;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what no node has put into Redis and is dropped, such as what should be an envelope and is
 * none, and says so in the log, one line in ten seconds. Thread safe.
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
   * Counts what should be an envelope and is none.
   *
   * @param where the channel, or the destination whose history it is from
   */
  public void dropped(Object where, MalformedException reason) {
    dropped(where, "it is not an envelope (" + reason.getMessage() + ')');
  }

  /**
   * Counts anything else.
   *
   * @param reason what is wrong with it, for the log; in words of this server, not of the sender
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

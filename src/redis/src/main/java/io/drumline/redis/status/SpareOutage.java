package io.drumline.redis.status;

import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs that a master of a cluster without slots is unavailable, once for each reason, and that it
 * is available again: only slots being migrated to it need it. Used on the backplane's thread only.
 */
public final class SpareOutage {
  private static final Logger log = LoggerFactory.getLogger(SpareOutage.class);
  private static final int MOST_REASONS = 16;

  private final String master;
  private final Set<String> logged = new HashSet<>();

  public SpareOutage(String master) {
    this.master = master;
  }

  public void lasts(String reason) {
    if (logged.size() < MOST_REASONS && logged.add(reason)) {
      log.warn(
          "The master {} of the Redis Cluster cannot be used: {}; retrying. It has no slots:"
              + " only messages to destinations that are being moved to it are missing",
          master,
          RedisOutage.explained(reason));
    }
  }

  public void over() {
    if (!logged.isEmpty()) {
      logged.clear();
      log.info("Connected to the master {} of the Redis Cluster, which has no slots", master);
    }
  }

  /** It has slots now: RedisOutage logs its state from here on. */
  public void forget() {
    logged.clear();
  }
}

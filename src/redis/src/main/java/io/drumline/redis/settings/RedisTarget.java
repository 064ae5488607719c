package io.drumline.redis.settings;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.lettuce.core.resource.ClientResources;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Redis to connect to, in Lettuce's terms.
 *
 * @param uris where it is, with credentials and TLS: of one Redis, of the Sentinels that know it,
 *     or of nodes of a cluster; timeouts are set by the backplane
 * @param options of the connections; what the backplane relies on is set by it
 * @param resources threads that are shared with others; null for some of its own
 * @param shutdownTimeout how long closing may take
 * @param place where it is, for the log
 */
public record RedisTarget(
    Kind kind,
    List<RedisURI> uris,
    ClientOptions options,
    @Nullable ClientResources resources,
    Duration shutdownTimeout,
    String place) {

  /** What answers there. */
  public enum Kind {
    /** One Redis, or the master that Sentinels name. */
    SINGLE,
    /** A Redis Cluster. */
    CLUSTER
  }

  /** Its number. */
  public int database() {
    return uris.get(0).getDatabase();
  }
}

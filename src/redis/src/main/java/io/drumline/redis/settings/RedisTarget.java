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
 * @param uris its addresses, with credentials and TLS: of one Redis, of its Sentinels, or of nodes
 *     of a cluster; the backplane sets the timeouts
 * @param options of the connections; the backplane overrides those it relies on
 * @param resources resources, such as threads, shared with others; null to create new ones
 * @param shutdownTimeout how long closing may take
 * @param place its address, for the log
 */
public record RedisTarget(
    Kind kind,
    List<RedisURI> uris,
    ClientOptions options,
    @Nullable ClientResources resources,
    Duration shutdownTimeout,
    String place) {

  /** The kind of deployment. */
  public enum Kind {
    /** One Redis, or the master named by Sentinels. */
    SINGLE,
    /** A Redis Cluster. */
    CLUSTER
  }

  /** The number of the database. */
  public int database() {
    return uris.get(0).getDatabase();
  }
}

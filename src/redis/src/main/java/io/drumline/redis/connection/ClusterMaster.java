package io.drumline.redis.connection;

import io.lettuce.core.RedisURI;
import java.util.List;

/**
 * A master of a Redis Cluster and the slots that it has.
 *
 * @param uri how to connect to it
 */
public record ClusterMaster(RedisURI uri, List<Integer> slots) {
  /** As in the answers of Redis: {@code host:port}. */
  public String address() {
    return uri.getHost() + ':' + uri.getPort();
  }
}

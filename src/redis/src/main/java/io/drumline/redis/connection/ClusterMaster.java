package io.drumline.redis.connection;

import io.lettuce.core.RedisURI;
import java.util.List;

/**
 * A master of a Redis Cluster and its slots.
 *
 * @param uri how to connect to it
 */
public record ClusterMaster(RedisURI uri, List<Integer> slots) {
  /** As in answers of Redis: {@code host:port}. */
  public String address() {
    return uri.getHost() + ':' + uri.getPort();
  }
}

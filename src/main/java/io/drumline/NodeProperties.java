package io.drumline;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What a node is.
 *
 * @param nodeId the node's name, unique among the running nodes; empty for the host's name with a
 *     random ending
 * @param backplane what carries messages between nodes
 */
@ConfigurationProperties("drumline")
record NodeProperties(@DefaultValue("") String nodeId, @DefaultValue("memory") Kind backplane) {

  /** The backplanes there are. */
  enum Kind {
    /** One node by itself. */
    MEMORY,
    /** A cluster around the Redis that {@code spring.data.redis.*} names. */
    REDIS
  }
}

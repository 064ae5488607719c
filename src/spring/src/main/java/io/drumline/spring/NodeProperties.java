package io.drumline.spring;

import jakarta.validation.constraints.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * The identity of a node.
 *
 * @param nodeId the node's name, unique among the running nodes; empty for the host's name with a
 *     random ending
 * @param backplane what carries messages between nodes
 */
@Validated
@ConfigurationProperties("drumline")
record NodeProperties(
    @DefaultValue("")
        @Pattern(regexp = "\\P{Cntrl}{0,255}", message = "must have at most 255 characters")
        String nodeId,
    @DefaultValue("memory") Kind backplane) {

  /** The available backplanes. */
  enum Kind {
    /** A single node. */
    MEMORY,
    /** A cluster that uses the Redis of {@code spring.data.redis.*}. */
    REDIS
  }
}

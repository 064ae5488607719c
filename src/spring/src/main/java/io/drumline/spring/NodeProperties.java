package io.drumline.spring;

import jakarta.validation.constraints.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What a node is.
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

  /** The backplanes there are. */
  enum Kind {
    /** One node by itself. */
    MEMORY,
    /** A cluster around the Redis that {@code spring.data.redis.*} names. */
    REDIS
  }
}

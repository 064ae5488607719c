package io.drumline.spring;

import io.drumline.session.LeaseSettings;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How the nodes of a cluster find each other.
 *
 * @param lease how long a node that says nothing counts as alive; the same on all nodes
 * @param renewal how often a node says that it is alive; at most a third of the lease
 * @param host name or address at which the others find this node's ports; by default, the address
 *     of a network interface
 */
@Validated
@ConfigurationProperties(value = "drumline.node", ignoreUnknownFields = false)
public record NodeLeaseProperties(
    @DefaultValue("10s") @DurationMin(seconds = 1) @DurationMax(minutes = 5) Duration lease,
    @DefaultValue("3s") @DurationMin(millis = 100) Duration renewal,
    @DefaultValue("") @Pattern(regexp = "[!-~]{0,255}", message = "must be a name or an address")
        String host) {

  public NodeLeaseProperties {
    if (renewal.multipliedBy(3).compareTo(lease) > 0) {
      throw new IllegalArgumentException(
          "drumline.node.renewal must be at most a third of drumline.node.lease");
    }
  }

  /** The settings for the node registry. */
  public LeaseSettings settings() {
    return new LeaseSettings(lease, renewal);
  }
}

package io.drumline.hub;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Delivery settings.
 *
 * @param threads event loops that serve client sockets; 0 means one per available processor
 * @param outboundLimit how much may wait to be sent to one connection, including about 100 bytes of
 *     book-keeping a write; a client that lets more pile up is closed as a slow consumer. A single
 *     larger message is still sent when nothing else waits.
 * @param backlogLimit how much may wait between the backplane and the event loops of this node;
 *     what comes beyond it is dropped and counted
 * @param linger how long a destination stays subscribed at the backplane after its last local
 *     subscriber left
 */
@Validated
@ConfigurationProperties(value = "drumline.hub", ignoreUnknownFields = false)
public record HubProperties(
    @DefaultValue("0") @Min(0) @Max(1024) int threads,
    @DefaultValue("1MB") DataSize outboundLimit,
    @DefaultValue("64MB") DataSize backlogLimit,
    @DefaultValue("5s") @DurationMin Duration linger) {

  public HubProperties {
    if (outboundLimit.toBytes() < 4096 || outboundLimit.toBytes() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "drumline.hub.outbound-limit must be between 4KB and 2047MB");
    }
  }
}

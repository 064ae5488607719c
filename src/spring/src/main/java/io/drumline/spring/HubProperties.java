package io.drumline.spring;

import io.drumline.hub.HubSettings;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
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
 * @param nodeOutboundLimit how much may wait to be sent to all connections of the node together; a
 *     buffer that many connections wait for counts once. Above it, the connections that wait for
 *     the oldest buffers are closed as slow consumers. By default half of the direct memory that
 *     Netty may use (io.netty.maxDirectMemory, by default seven eighths of -XX:MaxDirectMemorySize,
 *     which is the maximum heap size by default): the rest is for what is read, TLS and Redis.
 * @param backlogLimit how much may wait between the backplane and the event loops of this node;
 *     what comes beyond it is dropped and counted, and read from history where there is one. As
 *     much again may wait while destinations are compared with the backplane.
 * @param catchUpLimit how much history the node keeps in memory for a short while, so that many who
 *     catch up cause few reads
 * @param maxReads reads of history that may be under way at once; others wait
 * @param idleCheck how long a destination with continuity may be silent before its position is
 *     compared with the backplane's; a lost last message is found by that
 * @param pauseLimit a node that stood still for longer (a stopped process, a long pause of the JVM)
 *     closes its connections before it delivers anything: its clients may have gone on elsewhere
 * @param linger how long a destination stays subscribed at the backplane after its last local
 *     subscriber left
 */
@Validated
@ConfigurationProperties(value = "drumline.hub", ignoreUnknownFields = false)
public record HubProperties(
    @DefaultValue("0") @Min(0) @Max(1024) int threads,
    @DefaultValue("1MB") DataSize outboundLimit,
    @Nullable DataSize nodeOutboundLimit,
    @DefaultValue("64MB") DataSize backlogLimit,
    @DefaultValue("64MB") DataSize catchUpLimit,
    @DefaultValue("32") @Min(1) int maxReads,
    @DefaultValue("5s") @DurationMin(seconds = 1) Duration idleCheck,
    @DefaultValue("10s") @DurationMin(seconds = 1) Duration pauseLimit,
    @DefaultValue("5s") @DurationMin Duration linger) {

  public HubProperties {
    if (nodeOutboundLimit != null && nodeOutboundLimit.toBytes() < outboundLimit.toBytes()) {
      throw new IllegalArgumentException(
          "drumline.hub.node-outbound-limit must not be less than drumline.hub.outbound-limit");
    }
    if (outboundLimit.toBytes() < 4096 || outboundLimit.toBytes() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "drumline.hub.outbound-limit must be between 4KB and 2047MB");
    }
  }

  /** The settings for the hub. */
  public HubSettings settings() {
    long outbound = outboundLimit.toBytes();
    return new HubSettings(
        threads,
        outbound,
        nodeOutboundLimit == null
            ? HubSettings.defaultNodeOutboundLimit(outbound)
            : nodeOutboundLimit.toBytes(),
        backlogLimit.toBytes(),
        catchUpLimit.toBytes(),
        maxReads,
        idleCheck,
        pauseLimit,
        linger);
  }
}

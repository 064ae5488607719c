package io.drumline.listener;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.net.InetAddress;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * The listener that clients connect to, the only one a load balancer exposes.
 *
 * @param port TCP port for clients; 0 takes any free one.
 * @param address Local address to listen on; all of them unless set.
 * @param path Path of the WebSocket endpoint.
 * @param maxConnections Open WebSockets on this node, above which an upgrade is answered with 503.
 * @param backlog Connections the kernel holds until they are accepted.
 * @param pingInterval Time without anything from a client after which it is pinged.
 * @param pingTimeout Time after a ping within which something must come, or the socket is closed
 *     with 4002.
 * @param handshakeTimeout Time a new connection has to finish its HTTP request.
 * @param maxFrameBytes Largest WebSocket frame a client may send; one above it ends with 1009.
 * @param maxMessageBytes Largest WebSocket message a client may send, over all of its frames and
 *     inflated; one above it ends with 1009.
 * @param compression Whether permessage-deflate is offered to clients that ask for it.
 */
@Validated
@ConfigurationProperties(value = "drumline.listener", ignoreUnknownFields = false)
record ListenerProperties(
    @DefaultValue("8080") @Min(0) @Max(65535) int port,
    @Nullable InetAddress address,
    @DefaultValue("/ws")
        @Pattern(regexp = "(?!/healthz$)/[^\\s?#]*", message = "must be a path, not /healthz")
        String path,
    @DefaultValue("100000") @Min(1) int maxConnections,
    @DefaultValue("4096") @Min(1) int backlog,
    @DefaultValue("25s") @DurationMin(millis = 100) Duration pingInterval,
    @DefaultValue("8s") @DurationMin(millis = 100) Duration pingTimeout,
    @DefaultValue("10s") @DurationMin(millis = 100) Duration handshakeTimeout,
    @DefaultValue("1088KB") DataSize maxFrameBytes,
    @DefaultValue("1088KB") DataSize maxMessageBytes,
    @DefaultValue("false") boolean compression) {

  ListenerProperties {
    requireInt(maxFrameBytes, "max-frame-bytes");
    requireInt(maxMessageBytes, "max-message-bytes");
  }

  private static void requireInt(DataSize size, String name) {
    if (size.toBytes() < 125 || size.toBytes() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "drumline.listener." + name + " must be between 125B and 2047MB");
    }
  }
}

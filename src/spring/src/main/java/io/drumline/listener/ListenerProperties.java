package io.drumline.listener;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * The listener for clients, the only one that a load balancer exposes.
 *
 * @param port TCP port for clients; 0 takes any free one.
 * @param address Local address to listen on; by default, all of them.
 * @param path Path of the WebSocket endpoint.
 * @param maxConnections Open WebSockets on this node, above which an upgrade is answered with 503.
 * @param maxConnectionsPerAddress Open WebSockets of one client address (of IPv6: one /64) on this
 *     node, above which an upgrade is answered with 429.
 * @param connectsPerSecond Upgrades a second on this node, above which one is answered with 503.
 * @param maxHandshakes Connections that are not upgraded yet, above which the oldest is closed.
 * @param backlog Connections the kernel holds until they are accepted.
 * @param pingInterval Time without anything from a client after which it is pinged.
 * @param pingTimeout Time after a ping within which something must come, or the socket is closed
 *     with 4002.
 * @param handshakeTimeout Time a new connection has to finish TLS and its HTTP request.
 * @param maxFrameBytes Largest WebSocket frame a client may send; one above it ends with 1009.
 * @param maxMessageBytes Largest WebSocket message a client may send, over all of its frames and
 *     inflated; one above it ends with 1009.
 * @param maxFragments WebSocket frames of one message; one above it ends with 1009.
 * @param sslBundle Name of the SSL bundle in {@code spring.ssl.bundle} to speak TLS with; unset: no
 *     TLS.
 * @param trustedProxies Addresses or networks of proxies whose X-Forwarded-For is believed.
 * @param proxyProtocol Whether those proxies begin each connection with a PROXY header.
 * @param compression Whether permessage-deflate is offered to clients that ask for it.
 * @param compressionMemory Memory of the node for clients whose compressed messages refer to those
 *     before, 48 KB each, as most libraries do; beyond it, new ones are served without compression.
 * @param sendBuffer SO_SNDBUF of client sockets, which Linux doubles, and bounds by {@code
 *     net.core.wmem_max}; by default the kernel's, which grows to some megabytes ({@code
 *     net.ipv4.tcp_wmem}). What it holds, a client that does not read has not cost anything yet:
 *     {@code drumline.hub.outbound-limit} counts what is beyond.
 * @param unknownSubprotocol What becomes of a client that offers subprotocols, but none of {@code
 *     v12.stomp}, {@code v11.stomp}, {@code v10.stomp}: {@code ignore} opens the WebSocket without
 *     a subprotocol (RFC 6455, section 4.2.2; a browser then closes it), {@code refuse} answers
 *     with 400.
 * @param hostNames Names by which clients reach this listener, without port, such as {@code
 *     chat.example.org}; an upgrade whose {@code Host} is none of them is answered with 421. By
 *     default any name is served.
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
    @DefaultValue("20000") @Min(1) int maxConnectionsPerAddress,
    @DefaultValue("5000") @Min(1) @Max(1_000_000) int connectsPerSecond,
    @DefaultValue("8192") @Min(1) int maxHandshakes,
    @DefaultValue("4096") @Min(1) int backlog,
    @DefaultValue("25s") @DurationMin(millis = 100) Duration pingInterval,
    @DefaultValue("8s") @DurationMin(millis = 100) Duration pingTimeout,
    @DefaultValue("10s") @DurationMin(millis = 100) Duration handshakeTimeout,
    @DefaultValue("1088KB") DataSize maxFrameBytes,
    @DefaultValue("1088KB") DataSize maxMessageBytes,
    @DefaultValue("1024") @Min(1) int maxFragments,
    @Nullable String sslBundle,
    @DefaultValue List<String> trustedProxies,
    @DefaultValue("false") boolean proxyProtocol,
    @DefaultValue("false") boolean compression,
    @DefaultValue("256MB") DataSize compressionMemory,
    @Nullable DataSize sendBuffer,
    @DefaultValue("ignore") UnknownSubprotocol unknownSubprotocol,
    @DefaultValue List<String> hostNames) {

  /** Smaller than a TLS record, each write would wait for the client. */
  private static final int LEAST_SEND_BUFFER = 16 * 1024;

  private static final int MOST_SEND_BUFFER = 64 * 1024 * 1024;

  /** The port after the host in a {@code Host} header. */
  private static final java.util.regex.Pattern PORT = java.util.regex.Pattern.compile(":\\d*$");

  ListenerProperties {
    requireInt(maxFrameBytes, "max-frame-bytes");
    requireInt(maxMessageBytes, "max-message-bytes");
    if (sendBuffer != null
        && (sendBuffer.toBytes() < LEAST_SEND_BUFFER || sendBuffer.toBytes() > MOST_SEND_BUFFER)) {
      throw new IllegalArgumentException(
          "drumline.listener.send-buffer must be between 16KB and 64MB");
    }
    new TrustedProxies(trustedProxies); // throws if one is not a network
    if (proxyProtocol && trustedProxies.isEmpty()) {
      throw new IllegalArgumentException(
          "drumline.listener.proxy-protocol needs drumline.listener.trusted-proxies");
    }
  }

  /** Whether the host in this {@code Host} header is a name of this listener. */
  boolean serves(@Nullable String host) {
    if (hostNames.isEmpty()) {
      return true;
    }
    String name = host == null ? "" : PORT.matcher(host).replaceFirst("");
    return hostNames.stream().anyMatch(name::equalsIgnoreCase);
  }

  private static void requireInt(DataSize size, String name) {
    if (size.toBytes() < 125 || size.toBytes() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "drumline.listener." + name + " must be between 125B and 2047MB");
    }
  }
}

package io.drumline.listener;

import io.drumline.loop.ThrottledLog;
import io.drumline.security.LogText;
import io.drumline.security.OriginPolicy;
import io.drumline.security.Peer;
import io.drumline.security.SharedTokenBucket;
import io.drumline.security.TokenBucket.Rate;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.InetAddress;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides who gets a socket on this node, before the upgrade, and counts those who have one. Any
 * thread.
 */
final class Gate {

  /** How a request for an upgrade ended. */
  enum Outcome {
    ACCEPTED,
    /** Not a request for this endpoint, or not one of RFC 6455. */
    BAD_REQUEST,
    NOT_FOUND,
    /** A page that may not connect sent it. */
    ORIGIN,
    /** The node takes no sockets now: it drains, or the backplane is away. */
    UNAVAILABLE,
    /** More came in a second than may. */
    TOO_FAST,
    /** The client's address has as many sockets as it may. */
    ADDRESS_FULL,
    /** The node has as many sockets as it may. */
    FULL
  }

  /** The answer to a request. */
  sealed interface Answer {}

  /** It gets a socket, and must {@link #leave} when that ends. */
  record Admitted(Peer peer) implements Answer {}

  /**
   * It does not; the sentence is for the body.
   *
   * @param retryAfter seconds; 0 where it will not help to ask again
   */
  record TurnedAway(HttpResponseStatus status, String sentence, int retryAfter) implements Answer {}

  private static final Logger log = LoggerFactory.getLogger(Gate.class);

  private final ThrottledLog refusals = new ThrottledLog(log);
  private final OriginPolicy origins;
  private final TrustedProxies proxies;
  private final BooleanSupplier accepting;
  private final SharedTokenBucket connects;
  private final Addresses addresses;
  private final RetryAfter retryAfter;
  private final int most;
  private final AtomicInteger open = new AtomicInteger();
  private final MeterRegistry registry;

  /**
   * @param accepting whether this node takes new sockets at all
   */
  Gate(
      ListenerProperties properties,
      OriginPolicy origins,
      BooleanSupplier accepting,
      MeterRegistry registry) {
    this.origins = origins;
    this.accepting = accepting;
    this.registry = registry;
    proxies = new TrustedProxies(properties.trustedProxies());
    connects =
        new SharedTokenBucket(
            new Rate(properties.connectsPerSecond(), properties.connectsPerSecond()),
            System.nanoTime());
    retryAfter = new RetryAfter(properties.connectsPerSecond());
    addresses = new Addresses(properties.maxConnectionsPerAddress());
    most = properties.maxConnections();
    Gauge.builder("drumline.connections.limit", () -> most)
        .description("Client connections that this node takes at most")
        .register(registry);
    for (Outcome outcome : Outcome.values()) {
      counter(outcome); // shows all of them from the start
    }
  }

  /** Whether this node takes new sockets at all. */
  boolean accepting() {
    return accepting.getAsBoolean();
  }

  /** Whether the other end of a new connection is a proxy that is believed. */
  boolean trusts(InetAddress address) {
    return proxies.trusts(address);
  }

  /** Decides on a request that is otherwise good, and counts it. */
  Answer enter(Channel channel, HttpHeaders headers) {
    InetAddress nearest = ProxyHeader.source(channel);
    if (nearest == null || !accepting()) {
      return comeBack(Outcome.UNAVAILABLE, "This node takes no connections now: try again.");
    }
    Peer peer =
        new Peer(
            proxies.client(nearest, headers.getAll("X-Forwarded-For")),
            origins.decide(
                headers.getAll(HttpHeaderNames.ORIGIN), headers.get(HttpHeaderNames.HOST)));
    if (peer.origin() == OriginPolicy.Answer.REFUSED) {
      count(Outcome.ORIGIN);
      refusedOrigin(headers, peer.address());
      return new TurnedAway(
          HttpResponseStatus.FORBIDDEN, "Pages of this origin may not connect here.", 0);
    }
    if (!connects.tryTake(1, System.nanoTime())) {
      return comeBack(Outcome.TOO_FAST, "Too many clients connect at once: try again.");
    }
    if (!addresses.enter(peer.address())) {
      count(Outcome.ADDRESS_FULL);
      return new TurnedAway(
          HttpResponseStatus.TOO_MANY_REQUESTS,
          "Your address has as many connections as it may: try again.",
          later());
    }
    if (open.incrementAndGet() > most) {
      leave(peer);
      return comeBack(Outcome.FULL, "This node has as many connections as it may: try again.");
    }
    count(Outcome.ACCEPTED);
    return new Admitted(peer);
  }

  /** A browser shows its page nothing but a failed connection: the operator must find out here. */
  private void refusedOrigin(HttpHeaders headers, InetAddress address) {
    String origin = LogText.quoted(String.join(", ", headers.getAll(HttpHeaderNames.ORIGIN)));
    String host = LogText.quoted(headers.get(HttpHeaderNames.HOST));
    log.debug("403: a page of origin {} asked host {} from {}", origin, host, address);
    refusals.warn(
        "origin",
        "A page of origin {} may not connect (it asked host {}) and got 403: if it is yours, add"
            + " its origin to drumline.security.allowed-origins, which decides",
        origin,
        host);
  }

  private Answer comeBack(Outcome outcome, String sentence) {
    count(outcome);
    return new TurnedAway(HttpResponseStatus.SERVICE_UNAVAILABLE, sentence, later());
  }

  private int later() {
    return retryAfter.next(System.nanoTime());
  }

  /** Gives the places back. */
  void leave(Peer peer) {
    open.decrementAndGet();
    addresses.leave(peer.address());
  }

  void count(Outcome outcome) {
    counter(outcome).increment();
  }

  private Counter counter(Outcome outcome) {
    return Counter.builder("drumline.upgrades")
        .description("Requests for a WebSocket upgrade, by how they ended.")
        .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }
}

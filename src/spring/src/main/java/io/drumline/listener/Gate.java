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
 * Admits clients to this node before the WebSocket upgrade, and counts the open connections. Any
 * thread.
 */
final class Gate {

  /** The outcome of an upgrade request. */
  enum Outcome {
    ACCEPTED,
    /** Not a request for this endpoint, or not valid by RFC 6455. */
    BAD_REQUEST,
    NOT_FOUND,
    /** The request is from a page of an origin that is not allowed. */
    ORIGIN,
    /** The node accepts no connections: it drains, or the backplane is unavailable. */
    UNAVAILABLE,
    /** Too many requests per second. */
    TOO_FAST,
    /** The client's address has reached its connection limit. */
    ADDRESS_FULL,
    /** The node has reached its connection limit. */
    FULL
  }

  /** The answer to a request. */
  sealed interface Answer {}

  /** Admitted: the caller must call {@link #leave} when the connection ends. */
  record Admitted(Peer peer) implements Answer {}

  /**
   * Rejected; the sentence is for the body.
   *
   * @param retryAfter seconds; 0 if a retry will not help
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
   * @param accepting whether this node accepts new connections
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
      counter(outcome); // exports all of them from the start
    }
  }

  /** Whether this node accepts new connections. */
  boolean accepting() {
    return accepting.getAsBoolean();
  }

  /** Whether the peer of a new connection is a trusted proxy. */
  boolean trusts(InetAddress address) {
    return proxies.trusts(address);
  }

  /** Decides on a request that is valid otherwise, and counts the outcome. */
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

  /**
   * Logs a rejected origin: a browser tells its page only that the connection failed, so the
   * operator must learn it here.
   */
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

  /** Releases the places of a connection that has ended. */
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

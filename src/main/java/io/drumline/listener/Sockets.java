package io.drumline.listener;

import io.drumline.hub.Connection;
import io.drumline.hub.Hub;
import io.drumline.stomp.StompSessions;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/** The upgraded sockets of this node: admits them up to the limit and gives each its pipeline. */
final class Sockets {

  /** How a request for an upgrade ended. */
  enum Outcome {
    ACCEPTED,
    /** Not a request for this endpoint, or not one of RFC 6455. */
    BAD_REQUEST,
    NOT_FOUND,
    /** The node takes no sockets now: it drains, or the backplane is away. */
    UNAVAILABLE,
    /** The node has as many sockets as it may. */
    FULL
  }

  private final ListenerProperties properties;
  private final Hub hub;
  private final StompSessions sessions;
  private final WebSocketDecoderConfig plain;
  private final WebSocketDecoderConfig deflated;
  private final AtomicInteger open = new AtomicInteger();
  private final MeterRegistry registry;

  Sockets(ListenerProperties properties, Hub hub, StompSessions sessions, MeterRegistry registry) {
    this.properties = properties;
    this.hub = hub;
    this.sessions = sessions;
    plain = decoder(properties, false);
    deflated = decoder(properties, true);
    this.registry = registry;
    for (Outcome outcome : Outcome.values()) {
      counter(outcome); // shows all of them from the start
    }
  }

  private static WebSocketDecoderConfig decoder(ListenerProperties properties, boolean extensions) {
    return WebSocketDecoderConfig.newBuilder()
        .expectMaskedFrames(true)
        .allowExtensions(extensions)
        .maxFramePayloadLength((int) properties.maxFrameBytes().toBytes())
        .closeOnProtocolViolation(false) // SocketHandler does, behind what is already queued
        .build();
  }

  /** Whether this node takes new sockets at all. Any thread. */
  boolean accepting() {
    return sessions.accepting();
  }

  /** Takes one of the places; false if there is none. Any thread. */
  boolean enter() {
    if (open.incrementAndGet() <= properties.maxConnections()) {
      return true;
    }
    open.decrementAndGet();
    return false;
  }

  /** Gives the place back. Any thread. */
  void leave() {
    open.decrementAndGet();
  }

  /** Any thread. */
  void count(Outcome outcome) {
    counter(outcome).increment();
  }

  private Counter counter(Outcome outcome) {
    return Counter.builder("drumline.upgrades")
        .description("Requests for a WebSocket upgrade, by how they ended.")
        .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }

  /**
   * Gives a socket that has entered, and was answered with 101, its WebSocket pipeline. Called on
   * its event loop.
   *
   * <p>Octets come in as frames; inflated, if so agreed; text is checked to be UTF-8 as the client
   * meant it, so after that. There is nothing on the way out: the hub writes finished frames.
   */
  void open(Channel channel, boolean deflate) {
    Connection connection = hub.connect(channel, deflate);
    SocketHandler handler =
        new SocketHandler(connection, sessions.open(connection), properties, this::leave);
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast(new WebSocket13FrameDecoder(deflate ? deflated : plain));
    if (deflate) {
      pipeline.addLast(Deflate.inflater((int) properties.maxMessageBytes().toBytes()));
    }
    pipeline.addLast(new Utf8FrameValidator(false));
    pipeline.addLast(handler);
  }
}

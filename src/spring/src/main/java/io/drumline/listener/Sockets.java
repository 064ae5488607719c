package io.drumline.listener;

import io.drumline.hub.Compression;
import io.drumline.hub.Connection;
import io.drumline.hub.Hub;
import io.drumline.security.Limits;
import io.drumline.security.Peer;
import io.drumline.stomp.StompSessions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;

/** Sets up the pipelines of upgraded connections. */
final class Sockets {

  private final ListenerProperties properties;
  private final Hub hub;
  private final StompSessions sessions;
  private final Limits limits;
  private final InflateContexts contexts;
  private final WebSocketDecoderConfig plain;
  private final WebSocketDecoderConfig deflated;

  Sockets(
      ListenerProperties properties,
      Hub hub,
      StompSessions sessions,
      Limits limits,
      InflateContexts contexts) {
    this.properties = properties;
    this.hub = hub;
    this.sessions = sessions;
    this.limits = limits;
    this.contexts = contexts;
    plain = decoder(properties, false);
    deflated = decoder(properties, true);
  }

  /** The memory for clients with {@link Deflate.Use#WITH_CONTEXT}. */
  InflateContexts contexts() {
    return contexts;
  }

  private static WebSocketDecoderConfig decoder(ListenerProperties properties, boolean extensions) {
    return WebSocketDecoderConfig.newBuilder()
        .expectMaskedFrames(true)
        .allowExtensions(extensions)
        .maxFramePayloadLength((int) properties.maxFrameBytes().toBytes())
        .closeOnProtocolViolation(false) // SocketHandler does, after frames already queued
        .build();
  }

  /**
   * Sets up the WebSocket pipeline of a connection that was admitted and answered with 101. Called
   * on its event loop.
   *
   * <p>Inbound: frames are decoded, inflated if negotiated, and then text is validated as UTF-8.
   * There is no outbound handler: the hub writes encoded frames.
   *
   * @param deflate for {@link Deflate.Use#WITH_CONTEXT}, memory is reserved, and released when the
   *     connection has ended
   * @param begun {@link System#nanoTime} at the start of the handshake
   * @param onEnd called when the connection has ended
   */
  void open(Channel channel, Peer peer, Deflate.Use deflate, long begun, Runnable onEnd) {
    boolean compressed = deflate != Deflate.Use.NONE;
    Connection connection =
        hub.connect(channel, compressed ? Compression.DEFLATE : Compression.NONE);
    SocketHandler handler =
        new SocketHandler(
            connection,
            sessions.open(connection, begun),
            peer,
            properties,
            limits,
            deflate == Deflate.Use.WITH_CONTEXT ? () -> ended(onEnd) : onEnd);
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast(new WebSocket13FrameDecoder(compressed ? deflated : plain));
    if (compressed) {
      pipeline.addLast(Deflate.inflater(deflate, (int) properties.maxMessageBytes().toBytes()));
    }
    pipeline.addLast(new Utf8FrameValidator(false));
    pipeline.addLast(handler);
  }

  private void ended(Runnable onEnd) {
    contexts.release();
    onEnd.run();
  }
}

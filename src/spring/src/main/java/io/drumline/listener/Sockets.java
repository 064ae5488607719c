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

/** Gives the upgraded sockets of this node their pipelines. */
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

  /** The memory for clients that {@link Deflate.Use#WITH_CONTEXT} is agreed with. */
  InflateContexts contexts() {
    return contexts;
  }

  private static WebSocketDecoderConfig decoder(ListenerProperties properties, boolean extensions) {
    return WebSocketDecoderConfig.newBuilder()
        .expectMaskedFrames(true)
        .allowExtensions(extensions)
        .maxFramePayloadLength((int) properties.maxFrameBytes().toBytes())
        .closeOnProtocolViolation(false) // SocketHandler does, behind what is already queued
        .build();
  }

  /**
   * Gives a socket that has entered, and was answered with 101, its WebSocket pipeline. Called on
   * its event loop.
   *
   * <p>Bytes come in as frames; inflated, if so agreed; text is checked to be UTF-8 as the client
   * meant it, so after that. There is nothing on the way out: the hub writes finished frames.
   *
   * @param deflate with {@link Deflate.Use#WITH_CONTEXT}, memory was taken for it, which goes back
   *     when the socket has ended
   * @param begun {@link System#nanoTime} of the handshake's beginning
   * @param onEnd is called when the socket has ended
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

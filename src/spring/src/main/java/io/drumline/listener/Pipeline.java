package io.drumline.listener;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Sets up a new connection: the PROXY header if a trusted proxy must send one, TLS if configured,
 * then HTTP. {@link HttpHandler} removes the HTTP handlers at the upgrade.
 */
final class Pipeline extends ChannelInitializer<Channel> {
  private static final HttpDecoderConfig HTTP =
      new HttpDecoderConfig().setMaxInitialLineLength(4096).setMaxHeaderSize(16384);
  private static final int MAX_BODY = 4096;

  private final ListenerProperties properties;
  private final Gate gate;
  private final Sockets sockets;
  private final Handshakes handshakes;
  private final @Nullable Tls tls;

  Pipeline(
      ListenerProperties properties,
      Gate gate,
      Sockets sockets,
      Handshakes handshakes,
      @Nullable Tls tls) {
    this.properties = properties;
    this.gate = gate;
    this.sockets = sockets;
    this.handshakes = handshakes;
    this.tls = tls;
  }

  @Override
  protected void initChannel(Channel channel) {
    ChannelPipeline pipeline = channel.pipeline();
    InetAddress source = ProxyHeader.source(channel);
    if (properties.proxyProtocol() && source != null && gate.trusts(source)) {
      ProxyHeader.addTo(pipeline, handshakes);
    }
    if (tls != null) {
      pipeline.addLast(tls.handler(channel));
    }
    pipeline
        .addLast(new HttpServerCodec(HTTP))
        .addLast(new HttpObjectAggregator(MAX_BODY))
        .addLast(new HttpHandler(properties, gate, sockets, handshakes));
  }
}

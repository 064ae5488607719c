package io.drumline.listener;

import io.drumline.listener.Handshakes.Failure;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header of the PROXY protocol, version 1 or 2, with which a trusted proxy must begin,
 * and stores the client's address. Then it removes itself from the pipeline.
 */
final class ProxyHeader extends SimpleChannelInboundHandler<HAProxyMessage> {
  private static final AttributeKey<InetAddress> SOURCE =
      AttributeKey.valueOf(ProxyHeader.class, "source");
  private static final int MAX_BYTES = 4096;

  private final Handshakes handshakes;

  private ProxyHeader(Handshakes handshakes) {
    this.handshakes = handshakes;
  }

  static void addTo(ChannelPipeline pipeline, Handshakes handshakes) {
    pipeline.addLast(new HAProxyMessageDecoder(MAX_BYTES)).addLast(new ProxyHeader(handshakes));
  }

  /**
   * The address of the client, as given by a trusted proxy if there is one; null if the connection
   * is closed.
   */
  static @Nullable InetAddress source(Channel channel) {
    InetAddress source = channel.attr(SOURCE).get();
    return source == null && channel.remoteAddress() instanceof InetSocketAddress socket
        ? socket.getAddress()
        : source;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, HAProxyMessage header) {
    // Without an address, the proxy itself connects, such as for a health check.
    String source = header.sourceAddress();
    if (source != null) {
      ctx.channel().attr(SOURCE).set(TrustedProxies.address(source));
    }
    ctx.pipeline().remove(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    handshakes.fail(ctx.channel(), Failure.PROXY);
  }
}

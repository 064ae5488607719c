package io.drumline.stomp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** A socket whose other end is a list of bytes: everything that is written goes there at once. */
final class FakeSocket extends AbstractChannel {
  private static final ChannelMetadata METADATA = new ChannelMetadata(false);

  private final ChannelConfig config = new DefaultChannelConfig(this);
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private boolean open = true;

  FakeSocket() {
    super(null);
    pipeline()
        .addLast(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                if (!(cause instanceof IOException)) { // of a write behind the end
                  ctx.fireExceptionCaught(cause);
                }
              }
            });
  }

  /** All that was written since the last call. Called on the event loop. */
  byte[] written() {
    byte[] bytes = written.toByteArray();
    written.reset();
    return bytes;
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer waiting) {
    for (Object each = waiting.current(); each != null; each = waiting.current()) {
      ByteBuf bytes = (ByteBuf) each;
      byte[] copy = new byte[bytes.readableBytes()];
      bytes.getBytes(bytes.readerIndex(), copy);
      written.writeBytes(copy);
      waiting.remove();
    }
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new AbstractUnsafe() {
      @Override
      public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
        throw new UnsupportedOperationException("It is connected.");
      }
    };
  }

  @Override
  protected boolean isCompatible(EventLoop loop) {
    return true;
  }

  @Override
  protected SocketAddress localAddress0() {
    return new InetSocketAddress(1);
  }

  @Override
  protected SocketAddress remoteAddress0() {
    return new InetSocketAddress(2);
  }

  @Override
  protected void doBind(SocketAddress local) {
    throw new UnsupportedOperationException("It is connected.");
  }

  @Override
  protected void doDisconnect() {
    open = false;
  }

  @Override
  protected void doClose() {
    open = false;
  }

  @Override
  protected void doBeginRead() {
    // what comes is handed over without being asked for
  }
}

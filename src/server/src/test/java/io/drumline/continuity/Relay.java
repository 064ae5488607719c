package io.drumline.continuity;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler.HandshakeComplete;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A WebSocket relay that spoils one MESSAGE of all that pass through it. */
final class Relay implements AutoCloseable {

  /** What becomes of the one MESSAGE. */
  enum Spoiling {
    NOTHING,
    DROP,
    DOUBLE,
    /** It changes places with the next one of its connection. */
    SWAP,
    /** It gets another {@code destination} header. */
    MISLABEL
  }

  private static final int MAX_FRAME = 1 << 20;

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final URI target;
  private final Spoiling spoiling;
  private final Channel listener;

  /** MESSAGEs to let pass before the spoiled one; on the event loop. */
  private int left;

  /**
   * @param number which MESSAGE is spoiled, from 1
   */
  Relay(URI target, Spoiling spoiling, int number) {
    this.target = target;
    this.spoiling = spoiling;
    left = number;
    listener =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                initializer(
                    channel ->
                        channel
                            .pipeline()
                            .addLast(
                                new HttpServerCodec(),
                                new HttpObjectAggregator(8192),
                                new WebSocketServerProtocolHandler(
                                    "/ws", "v12.stomp", true, MAX_FRAME),
                                new FromClient())))
            .bind(InetAddress.getLoopbackAddress(), 0)
            .syncUninterruptibly()
            .channel();
  }

  URI url() {
    int port = ((InetSocketAddress) listener.localAddress()).getPort();
    return URI.create("ws://127.0.0.1:" + port + "/ws");
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private interface Assembly {
    void assemble(Channel channel);
  }

  private static ChannelHandler initializer(Assembly assembly) {
    return new ChannelInitializer<Channel>() {
      @Override
      protected void initChannel(Channel channel) {
        assembly.assemble(channel);
      }
    };
  }

  /** Passes a client's frames on, once there is a connection to the node. */
  private final class FromClient extends SimpleChannelInboundHandler<WebSocketFrame> {
    private final Queue<WebSocketFrame> waiting = new ArrayDeque<>();
    private @Nullable Channel node;
    private boolean open;

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof HandshakeComplete) {
        node =
            new Bootstrap()
                .group(ctx.channel().eventLoop())
                .channel(NioSocketChannel.class)
                .handler(
                    initializer(
                        channel ->
                            channel
                                .pipeline()
                                .addLast(
                                    new HttpClientCodec(),
                                    new HttpObjectAggregator(8192),
                                    new WebSocketClientProtocolHandler(
                                        WebSocketClientProtocolConfig.newBuilder()
                                            .webSocketUri(target)
                                            .subprotocol("v12.stomp")
                                            .maxFramePayloadLength(MAX_FRAME)
                                            .handleCloseFrames(false)
                                            .dropPongFrames(false)
                                            .build()),
                                    new FromNode(ctx.channel(), this))))
                .connect(target.getHost(), target.getPort())
                .addListener(ChannelFutureListener.CLOSE_ON_FAILURE)
                .channel();
      }
    }

    void opened() {
      open = true;
      waiting.forEach(this::pass);
      waiting.clear();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
      if (open) {
        pass(frame.retain());
      } else {
        waiting.add(frame.retain());
      }
    }

    private void pass(WebSocketFrame frame) {
      if (node != null) {
        node.writeAndFlush(frame);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (node != null) {
        node.close();
      }
    }
  }

  /** Passes the node's frames on, all but one as they are. */
  private final class FromNode extends SimpleChannelInboundHandler<WebSocketFrame> {
    private final Channel client;
    private final FromClient back;
    private @Nullable WebSocketFrame held;

    FromNode(Channel client, FromClient back) {
      this.client = client;
      this.back = back;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
        back.opened();
      }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
      String text = frame.content().toString(StandardCharsets.UTF_8);
      if (!text.startsWith("MESSAGE\n")) {
        client.writeAndFlush(frame.retain());
        return;
      }
      left--;
      for (WebSocketFrame each : left == 0 ? spoiled(frame, text) : List.of(frame.retain())) {
        client.writeAndFlush(each);
      }
      if (left != 0 && held != null) {
        client.writeAndFlush(held);
        held = null;
      }
    }

    private List<WebSocketFrame> spoiled(WebSocketFrame frame, String text) {
      return switch (spoiling) {
        case NOTHING -> List.of(frame.retain());
        case DROP -> List.of();
        case DOUBLE -> List.of(frame.retain(), frame.retainedDuplicate());
        case SWAP -> {
          held = frame.retain();
          yield List.of();
        }
        case MISLABEL ->
            List.of(
                new TextWebSocketFrame(
                    text.replaceFirst("\ndestination:[^\n]*", "\ndestination:/topic/another")));
      };
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      client.close();
    }
  }
}

package io.drumline.cluster;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketClientExtensionHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateClientExtensionHandshaker;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Many clients on one thread. Its buffers are its own, so that the pool's are the servers'. */
final class Swarm implements AutoCloseable {
  private static final int MAX_FRAME = 4 * 1024 * 1024;
  private static final int SMALL_BUFFER = 4096;
  private static final ByteBufAllocator ALLOC = new UnpooledByteBufAllocator(false, true);

  /** How a client differs from the usual one. */
  enum Kind {
    PLAIN,
    /** Its kernel takes little before it reads. */
    SMALL_RECEIVE_BUFFER,
    /** Asks for permessage-deflate. */
    DEFLATING
  }

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  /** A client that has connected. */
  Peer connect(Node node) {
    return connect(node, Kind.PLAIN);
  }

  /** A client of this kind that has connected. */
  Peer connect(Node node, Kind kind) {
    return Peer.join(connecting(node, kind));
  }

  /** As many clients that have connected. */
  List<Peer> connect(Node node, Kind kind, int count) {
    return Stream.generate(() -> connecting(node, kind)).limit(count).toList().stream()
        .map(Peer::join)
        .toList();
  }

  /** Completes, on the swarm's thread, when CONNECTED has come. */
  CompletableFuture<Peer> connecting(Node node, Kind kind) {
    Peer peer = new Peer();
    Bootstrap bootstrap =
        new Bootstrap()
            .group(group)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.ALLOCATOR, ALLOC)
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    assemble(channel, node.port(), kind, peer);
                  }
                });
    if (kind == Kind.SMALL_RECEIVE_BUFFER) {
      bootstrap.option(ChannelOption.SO_RCVBUF, SMALL_BUFFER);
    }
    bootstrap
        .connect("127.0.0.1", node.port())
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                peer.failed(connected.cause());
              }
            });
    return peer.connected();
  }

  private static void assemble(Channel channel, int port, Kind kind, Peer peer) {
    channel.pipeline().addLast(new HttpClientCodec(), new HttpObjectAggregator(8192));
    if (kind == Kind.DEFLATING) {
      channel
          .pipeline()
          .addLast(
              new WebSocketClientExtensionHandler(
                  new PerMessageDeflateClientExtensionHandshaker(
                      6, false, 15, true, true, MAX_FRAME)));
    }
    channel
        .pipeline()
        .addLast(
            new WebSocketClientProtocolHandler(
                WebSocketClientProtocolConfig.newBuilder()
                    .webSocketUri("ws://127.0.0.1:" + port + "/ws")
                    .subprotocol("v12.stomp")
                    .allowExtensions(true)
                    .maxFramePayloadLength(MAX_FRAME)
                    .withUTF8Validator(false) // as the blocking client looks at that
                    .handleCloseFrames(false) // the peer wants to see the code
                    .build()),
            peer);
  }

  /** Ends all of its clients. */
  @Override
  public void close() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}

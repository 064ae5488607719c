package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketClientCompressionHandler;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A node that compresses, with clients that ask for it and others. */
final class CompressionIT {

  @Test
  @DisplayName("W16 permessage-deflate offered and taken: the session works")
  void compressesForThoseWhoAsk() throws IOException {
    int port = Cluster.start("--drumline.backplane=memory", "--drumline.listener.compression=true");
    RawWebSocket socket =
        RawWebSocket.to(port)
            .header("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
            .connect();
    try (StompClient compressed = new StompClient(socket, Carriage.TEXT).connect("1.2");
        StompClient plain = StompClient.open(port, Carriage.BINARY).connect("1.2")) {
      assertThat(compressed.extensions()).startsWith("permessage-deflate");
      assertThat(plain.extensions()).isEmpty();
      compressed.subscribe("s1", "/topic/deflated");
      plain.subscribe("s1", "/topic/deflated");

      for (int i = 0; i < 20; i++) {
        String body = "compress me, é 漢 ".repeat(i * 50) + i;
        plain.publish("/topic/deflated", body);
        compressed.expectMessage(body);
        plain.expectMessage(body);
      }
      compressed.command("FROB");
      compressed.expectErrorAndClose();
    }
  }

  /**
   * Netty's own client, which is that of Reactor Netty and so of Spring's {@code
   * ReactorNettyWebSocketClient}: it refuses an answer with parameters that it did not offer, and
   * its messages refer to those before.
   */
  @Test
  @DisplayName("a client that refuses what it did not offer, and keeps its context, is served")
  void servesNettysClient() throws Exception {
    int port = Cluster.start("--drumline.backplane=memory", "--drumline.listener.compression=true");
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    MultiThreadIoEventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try {
      Channel client =
          new Bootstrap()
              .group(loop)
              .channel(NioSocketChannel.class)
              .handler(nettysClient(URI.create("ws://localhost:" + port + "/ws"), heard))
              .connect("localhost", port)
              .sync()
              .channel();
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("HANDSHAKE_COMPLETE");
      send(client, "CONNECT\naccept-version:1.2\nhost:x\n\n\0");
      assertThat(heard.poll(10, TimeUnit.SECONDS)).startsWith("CONNECTED");
      send(client, "SUBSCRIBE\nid:s\ndestination:/topic/netty\nreceipt:r\n\n\0");
      assertThat(heard.poll(10, TimeUnit.SECONDS)).startsWith("RECEIPT");
      for (int i = 0; i < 3; i++) {
        send(client, "SEND\ndestination:/topic/netty\n\nthe same text again and again\0");
        assertThat(heard.poll(10, TimeUnit.SECONDS))
            .startsWith("MESSAGE")
            .endsWith("the same text again and again\0");
      }
    } finally {
      loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
    }
  }

  private static void send(Channel client, String frame) {
    client.writeAndFlush(new TextWebSocketFrame(frame));
  }

  private static ChannelInitializer<Channel> nettysClient(URI uri, BlockingQueue<String> heard) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        channel
            .pipeline()
            .addLast(new HttpClientCodec())
            .addLast(new HttpObjectAggregator(8192))
            .addLast(new WebSocketClientCompressionHandler(0))
            .addLast(
                new WebSocketClientProtocolHandler(
                    WebSocketClientHandshakerFactory.newHandshaker(
                        uri,
                        WebSocketVersion.V13,
                        "v12.stomp",
                        true,
                        EmptyHttpHeaders.INSTANCE,
                        1 << 20)))
            .addLast(
                new SimpleChannelInboundHandler<TextWebSocketFrame>() {
                  @Override
                  protected void channelRead0(ChannelHandlerContext ctx, TextWebSocketFrame frame) {
                    heard.add(frame.text());
                  }

                  @Override
                  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                    if (event instanceof ClientHandshakeStateEvent state
                        && state != ClientHandshakeStateEvent.HANDSHAKE_ISSUED) {
                      heard.add(state.name());
                    }
                  }

                  @Override
                  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                    heard.add(cause.toString());
                  }
                });
      }
    };
  }
}

package io.drumline.continuity;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One STOMP 1.2 connection, from its opening to its end. It pings a silent server and gives it up
 * when that stays silent. Everything happens on its event loop.
 */
public final class Link extends SimpleChannelInboundHandler<WebSocketFrame> {
  private static final int MAX_FRAME = 4 * 1024 * 1024;

  /** Silent intervals, a ping after each, before the server is given up. */
  private static final int PATIENCE = 3;

  /** Whose link it is. Called on the event loop. */
  public interface Owner {
    /** CONNECTED has come. */
    void connected(Frame connected);

    void received(Frame frame);

    /** It is over, or could not be opened; nothing follows. Not called after {@link #close}. */
    void lost(String why);

    /** More headers of CONNECT, each behind a line feed. */
    default String connectHeaders() {
      return "";
    }
  }

  /**
   * Where to connect.
   *
   * @param from the local address, or null for any
   * @param headers more of them for the request
   * @param tls for wss; null for ws
   */
  public record Route(
      URI url, @Nullable InetAddress from, Map<String, String> headers, @Nullable SslContext tls) {
    static Route to(URI url) {
      return new Route(url, null, Map.of(), null);
    }
  }

  private final Owner owner;
  private Channel channel;
  private String why = "";
  private boolean upgraded;
  private boolean over;
  private int silent;

  private Link(Owner owner) {
    this.owner = owner;
  }

  /**
   * Begins to connect.
   *
   * @param silence after which the server is given up, also while connecting
   */
  public static Link open(EventLoop loop, Route route, Duration silence, Owner owner) {
    Link link = new Link(owner);
    long interval = silence.toMillis() / PATIENCE;
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) silence.toMillis())
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    if (route.tls != null) {
                      String host = route.url.getHost();
                      int port = route.url.getPort();
                      channel.pipeline().addLast(route.tls.newHandler(channel.alloc(), host, port));
                    }
                    channel
                        .pipeline()
                        .addLast(
                            new IdleStateHandler(interval, 0, 0, TimeUnit.MILLISECONDS),
                            new HttpClientCodec(),
                            new HttpObjectAggregator(8192),
                            protocol(route),
                            link);
                  }
                });
    link.channel =
        bootstrap
            .connect(
                new InetSocketAddress(route.url.getHost(), route.url.getPort()),
                route.from == null ? null : new InetSocketAddress(route.from, 0))
            .addListener(
                connected -> {
                  if (!connected.isSuccess()) {
                    link.end(String.valueOf(connected.cause()));
                  }
                })
            .channel();
    return link;
  }

  private static WebSocketClientProtocolHandler protocol(Route route) {
    DefaultHttpHeaders headers = new DefaultHttpHeaders();
    route.headers.forEach(headers::add);
    return new WebSocketClientProtocolHandler(
        WebSocketClientProtocolConfig.newBuilder()
            .webSocketUri(route.url)
            .customHeaders(headers)
            .subprotocol("v12.stomp")
            .maxFramePayloadLength(MAX_FRAME)
            .withUTF8Validator(false)
            .handleCloseFrames(false) // its code is the reason to tell
            .build());
  }

  /** Sends a frame; {@code head} is its command and header lines. */
  public void write(String head, String body) {
    channel.writeAndFlush(new TextWebSocketFrame(head + "\n\n" + body + "\0"));
  }

  /** Ends the TCP connection; the owner hears nothing more. */
  public void close() {
    over = true;
    channel.close();
  }

  private void end(String reason) {
    if (!over) {
      close();
      owner.lost(why.isEmpty() ? reason : why);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
      upgraded = true;
      write("CONNECT\naccept-version:1.2\nhost:localhost" + owner.connectHeaders(), "");
    } else if (event instanceof IdleStateEvent idle) {
      silent = idle.isFirst() ? 1 : silent + 1;
      if (silent >= PATIENCE) {
        end("silent");
      } else if (upgraded) {
        ctx.writeAndFlush(new PingWebSocketFrame());
      }
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame message) {
    if (over) {
      return;
    }
    if (message instanceof CloseWebSocketFrame close) {
      end("closed with " + close.statusCode() + ' ' + close.reasonText());
    } else if (message instanceof TextWebSocketFrame && message.content().readableBytes() > 1) {
      accept(Frame.parse(message.content()));
    }
  }

  private void accept(Frame frame) {
    switch (frame.command()) {
      case "CONNECTED" -> owner.connected(frame);
      case "ERROR" -> why = frame.header("message"); // and a Close frame follows
      default -> owner.received(frame);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end("the socket ended");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    end(cause.toString());
  }
}

package io.drumline.listener;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.message.CloseCode;
import io.drumline.security.Limit;
import io.drumline.security.Limits;
import io.drumline.security.Peer;
import io.drumline.stomp.StompSession;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.compression.DecompressionException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last handler of an upgraded connection: passes the client's bytes to its STOMP session,
 * answers control frames, and pings a silent client.
 *
 * <p>A client that violates the protocol receives a Close frame; then our half of the TCP
 * connection is closed, so that the client reads the code even while it is sending.
 */
final class SocketHandler extends SimpleChannelInboundHandler<WebSocketFrame> {
  private static final Logger log = LoggerFactory.getLogger(SocketHandler.class);
  private static final int NO_STATUS = 1005;
  private static final int LAST_CODE = 4999;

  private final Connection connection;
  private final StompSession session;
  private final Peer peer;
  private final ListenerProperties properties;
  private final Limits limits;
  private final Runnable onEnd;
  private long messageBytes;
  private int fragments;
  private boolean pinged;

  SocketHandler(
      Connection connection,
      StompSession session,
      Peer peer,
      ListenerProperties properties,
      Limits limits,
      Runnable onEnd) {
    super(WebSocketFrame.class);
    this.connection = connection;
    this.session = session;
    this.peer = peer;
    this.properties = properties;
    this.limits = limits;
    this.onEnd = onEnd;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    connection.wheel().after(properties.pingInterval().toMillis(), () -> checkLife(ctx));
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
    if (frame instanceof CloseWebSocketFrame close) {
      closed(ctx, close);
    } else if (!connection.open()) {
      return; // we have closed: only the client's Close frame matters now
    } else if (frame.rsv() != 0) {
      fail(ctx, CloseCode.PROTOCOL_ERROR, "A reserved bit is set that was not agreed on.");
    } else if (frame instanceof PingWebSocketFrame) {
      session.controlled(frame.content().readableBytes());
      connection.write(Frames.pong(ctx.alloc(), frame.content()));
    } else if (frame instanceof PongWebSocketFrame) {
      session.controlled(frame.content().readableBytes());
      pong(frame.content());
    } else {
      data(ctx, frame);
    }
  }

  /** Passes on a pong of a shared session. Pongs for our own pings have no payload. */
  private void pong(ByteBuf payload) {
    if (payload.readableBytes() == Long.BYTES) {
      session.pong(payload.getLong(payload.readerIndex()));
    }
  }

  private void data(ChannelHandlerContext ctx, WebSocketFrame frame) {
    ByteBuf bytes = frame.content();
    messageBytes += bytes.readableBytes();
    fragments++;
    if (messageBytes > properties.maxMessageBytes().toBytes()) {
      tooBig(ctx);
      return;
    }
    if (fragments > properties.maxFragments()) {
      limits.exceeded(Limit.FRAGMENTS);
      fail(
          ctx,
          CloseCode.TOO_BIG,
          "A message may have " + properties.maxFragments() + " frames at most.");
      return;
    }
    if (frame instanceof TextWebSocketFrame) {
      session.carriedBy(Frames.Payload.TEXT);
    } else if (frame instanceof BinaryWebSocketFrame) {
      session.carriedBy(Frames.Payload.BINARY);
    }
    if (frame.isFinalFragment()) {
      messageBytes = 0;
      fragments = 0;
    }
    session.received(bytes);
  }

  private void closed(ChannelHandlerContext ctx, CloseWebSocketFrame close) {
    int code = close.statusCode();
    if (code > LAST_CODE) {
      fail(ctx, CloseCode.PROTOCOL_ERROR, code + " is no close code.");
    } else {
      connection.peerClosed(code < 0 ? NO_STATUS : code);
    }
  }

  /** Any byte counts as a sign of life, even part of a frame. */
  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    pinged = false;
    connection.heard();
  }

  private long checkLife(ChannelHandlerContext ctx) {
    if (!connection.open()) {
      return 0;
    }
    long interval = properties.pingInterval().toMillis();
    if (!ctx.channel().config().isAutoRead()) {
      pinged = false; // we are not reading, so silence means nothing
      return interval;
    }
    if (pinged) {
      connection.close(CloseCode.SILENT, "Nothing was heard from you after a ping.");
      return 0;
    }
    long silent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - connection.lastHeard());
    if (silent < interval) {
      return interval - silent;
    }
    pinged = true;
    connection.write(Frames.ping(ctx.alloc()));
    return properties.pingTimeout().toMillis();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    onEnd.run();
    try {
      session.ended(connection.closeCode());
    } finally {
      connection.ended();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof CorruptedWebSocketFrameException corrupted) {
      if (code(corrupted) == CloseCode.TOO_BIG) {
        limits.exceeded(Limit.FRAME);
      }
      fail(ctx, code(corrupted), String.valueOf(corrupted.getMessage()));
    } else if (cause instanceof DecompressionException) {
      boolean malformed = cause.getCause() instanceof DataFormatException;
      if (malformed) {
        fail(ctx, CloseCode.INVALID_PAYLOAD, "A compressed message cannot be inflated.");
      } else {
        tooBig(ctx);
      }
    } else if (cause instanceof DecoderException) {
      fail(ctx, CloseCode.PROTOCOL_ERROR, "A frame cannot be read.");
    } else if (!(cause instanceof IOException)) { // which channelInactive follows
      connection.failed(cause);
      log.atError()
          .setCause(cause)
          .addKeyValue("stomp.session", connection.id())
          .addKeyValue("stomp.close_code", CloseCode.INTERNAL_ERROR.code())
          .log(
              "Session {} of {} failed; closing it",
              connection.id(),
              peer.address().getHostAddress());
      connection.close(CloseCode.INTERNAL_ERROR, "The server failed: reconnect.");
    }
  }

  private void tooBig(ChannelHandlerContext ctx) {
    limits.exceeded(Limit.MESSAGE);
    fail(
        ctx,
        CloseCode.TOO_BIG,
        "A message may have " + properties.maxMessageBytes().toBytes() + " bytes at most.");
  }

  private static CloseCode code(CorruptedWebSocketFrameException corrupted) {
    return switch (corrupted.closeStatus().code()) {
      case 1007 -> CloseCode.INVALID_PAYLOAD;
      case 1009 -> CloseCode.TOO_BIG;
      default -> CloseCode.PROTOCOL_ERROR;
    };
  }

  private static void endOutput(ChannelHandlerContext ctx) {
    DuplexChannel channel = (DuplexChannel) ctx.channel();
    SslHandler tls = ctx.pipeline().get(SslHandler.class);
    if (tls == null) {
      channel.shutdownOutput();
    } else {
      tls.closeOutbound().addListener(told -> channel.shutdownOutput());
    }
  }

  private void fail(ChannelHandlerContext ctx, CloseCode code, String reason) {
    if (connection.open()) {
      connection.close(code, reason);
      ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> endOutput(ctx));
    }
  }
}

package io.drumline.listener;

import io.drumline.listener.Gate.Outcome;
import io.drumline.listener.Handshakes.Failure;
import io.drumline.security.Peer;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles one connection while it uses HTTP: answers {@code /healthz}, and passes the connection to
 * {@link Sockets} at the upgrade. Each request must be complete within the handshake timeout.
 */
final class HttpHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger log = LoggerFactory.getLogger(HttpHandler.class);

  private final ListenerProperties properties;
  private final Gate gate;
  private final Sockets sockets;
  private final Handshakes handshakes;
  private @Nullable Future<?> deadline;

  /**
   * When the connection was opened; 0 once a request was answered, since it may be idle after that.
   */
  private long opened = System.nanoTime();

  HttpHandler(ListenerProperties properties, Gate gate, Sockets sockets, Handshakes handshakes) {
    this.properties = properties;
    this.gate = gate;
    this.sockets = sockets;
    this.handshakes = handshakes;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    startDeadline(ctx);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    stopDeadline(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    stopDeadline(ctx);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event instanceof SslHandshakeCompletionEvent tls && !tls.isSuccess()) {
      handshakes.fail(ctx.channel(), Failure.TLS);
    }
    super.userEventTriggered(ctx, event);
  }

  /** Stops reading from a client that does not read the answers, so that its deadline passes. */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
    ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    super.channelWritabilityChanged(ctx);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
    if (!ctx.channel().isActive()) {
      return; // pipelined after a request whose answer closes the connection
    }
    DecoderResult decoded = request.decoderResult();
    if (decoded.isFailure()) {
      gate.count(Outcome.BAD_REQUEST);
      refuse(ctx, undecodable(decoded.cause()), "This is not an HTTP request we can read.");
      return;
    }
    RequestTarget target = RequestTarget.of(request.uri());
    if (target.authority() != null) {
      request.headers().set(HttpHeaderNames.HOST, target.authority());
    }
    String path = target.path();
    if (path.equals(properties.path())) {
      upgrade(ctx, request);
    } else if (path.equals("/healthz")) {
      health(ctx, request);
    } else {
      gate.count(Outcome.NOT_FOUND);
      answer(ctx, request, HttpResponseStatus.NOT_FOUND, "There is nothing here.", none());
    }
  }

  private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request) {
    if (!properties.serves(request.headers().get(HttpHeaderNames.HOST))) {
      gate.count(Outcome.BAD_REQUEST);
      refuse(ctx, HttpResponseStatus.MISDIRECTED_REQUEST, "This host name is not served here.");
      return;
    }
    Handshake handshake =
        handshake(request, properties.compression() ? Deflate.Offer.ANY : Deflate.Offer.NONE);
    if (handshake instanceof Handshake.Refused refused) {
      gate.count(Outcome.BAD_REQUEST);
      refuse(ctx, refused.status(), refused.reason(), refused.headers());
      return;
    }
    Gate.Answer answer = gate.enter(ctx.channel(), request.headers());
    if (answer instanceof Gate.Admitted admitted) {
      accept(ctx, afforded(request, (Handshake.Accepted) handshake), admitted.peer());
    } else {
      turnAway(ctx, (Gate.TurnedAway) answer);
    }
  }

  private Handshake handshake(FullHttpRequest request, Deflate.Offer compression) {
    return Handshake.answer(request, compression, properties.unknownSubprotocol());
  }

  /** The answer, with compression only as far as this node has memory for it. */
  private Handshake.Accepted afforded(FullHttpRequest request, Handshake.Accepted accepted) {
    return accepted.deflate() == Deflate.Use.WITH_CONTEXT && !sockets.contexts().take()
        ? (Handshake.Accepted) handshake(request, Deflate.Offer.WITHOUT_CONTEXT)
        : accepted;
  }

  private void accept(ChannelHandlerContext ctx, Handshake.Accepted accepted, Peer peer) {
    ctx.writeAndFlush(
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.SWITCHING_PROTOCOLS,
            Unpooled.EMPTY_BUFFER,
            accepted.headers(),
            EmptyHttpHeaders.INSTANCE));
    long begun = opened == 0 ? System.nanoTime() : opened;
    ctx.channel().config().setAutoRead(true); // from here on, the hub controls reading
    sockets.open(ctx.channel(), peer, accepted.deflate(), begun, () -> gate.leave(peer));
    ChannelPipeline pipeline = ctx.pipeline();
    pipeline.remove(this);
    pipeline.remove(HttpObjectAggregator.class);
    // Last: bytes after the request go to the next handler, which is now the frame decoder.
    pipeline.remove(HttpServerCodec.class);
  }

  private void health(ChannelHandlerContext ctx, FullHttpRequest request) {
    HttpHeaders headers = new DefaultHttpHeaders().set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
      headers.set(HttpHeaderNames.ALLOW, "GET, HEAD");
      answer(ctx, request, HttpResponseStatus.METHOD_NOT_ALLOWED, "Use GET or HEAD here.", headers);
    } else if (gate.accepting()) {
      answer(ctx, request, HttpResponseStatus.OK, "ok", headers);
    } else {
      answer(
          ctx,
          request,
          HttpResponseStatus.SERVICE_UNAVAILABLE,
          "This node takes no connections now.",
          headers);
    }
  }

  private void turnAway(ChannelHandlerContext ctx, Gate.TurnedAway away) {
    HttpHeaders headers = none();
    if (away.retryAfter() > 0) {
      headers.set(HttpHeaderNames.RETRY_AFTER, away.retryAfter());
    }
    refuse(ctx, away.status(), away.sentence(), headers);
  }

  private void refuse(ChannelHandlerContext ctx, HttpResponseStatus status, String sentence) {
    refuse(ctx, status, sentence, none());
  }

  /** Answers and closes: the bytes that follow may be frames, or the rest of an invalid request. */
  private void refuse(
      ChannelHandlerContext ctx, HttpResponseStatus status, String sentence, HttpHeaders headers) {
    respond(ctx, status, sentence, headers, false);
  }

  private void answer(
      ChannelHandlerContext ctx,
      FullHttpRequest request,
      HttpResponseStatus status,
      String sentence,
      HttpHeaders headers) {
    respond(ctx, status, sentence, headers, HttpUtil.isKeepAlive(request));
  }

  private void respond(
      ChannelHandlerContext ctx,
      HttpResponseStatus status,
      String sentence,
      HttpHeaders headers,
      boolean keepAlive) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            status,
            ByteBufUtil.encodeString(
                ctx.alloc(), CharBuffer.wrap(sentence + "\n"), StandardCharsets.UTF_8),
            headers,
            EmptyHttpHeaders.INSTANCE);
    headers.set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
    HttpUtil.setContentLength(response, response.content().readableBytes());
    HttpUtil.setKeepAlive(response, keepAlive);
    ChannelFuture written = ctx.writeAndFlush(response);
    if (keepAlive) {
      opened = 0;
      stopDeadline(ctx);
      startDeadline(ctx);
    } else {
      written.addListener(ChannelFutureListener.CLOSE);
    }
  }

  private void startDeadline(ChannelHandlerContext ctx) {
    handshakes.begin(ctx.channel());
    deadline =
        ctx.executor()
            .schedule(
                () -> handshakes.fail(ctx.channel(), Failure.TIMEOUT),
                properties.handshakeTimeout().toMillis(),
                TimeUnit.MILLISECONDS);
  }

  private void stopDeadline(ChannelHandlerContext ctx) {
    handshakes.end(ctx.channel());
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }

  private static HttpHeaders none() {
    return new DefaultHttpHeaders();
  }

  private static HttpResponseStatus undecodable(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return HttpResponseStatus.REQUEST_URI_TOO_LONG;
    }
    return cause instanceof TooLongHttpHeaderException
        ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        : HttpResponseStatus.BAD_REQUEST;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    boolean tls = cause instanceof DecoderException; // reported by the event of the TLS handshake
    if (!tls && !(cause instanceof IOException)) {
      log.error("A connection failed before its upgrade; closing it", cause);
    }
    ctx.close();
  }
}

package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A STOMP 1.2 client of a {@link Swarm}: keeps all that it receives, in order. Any thread, but what
 * it reads is read on the swarm's.
 */
final class Peer extends SimpleChannelInboundHandler<WebSocketFrame> {
  /** The close code of a socket that ended without a Close frame. */
  static final int ABNORMAL = 1006;

  private static final int KEPT_BODY = 64;

  /**
   * A frame from the server.
   *
   * @param head its command and header lines, as they came
   * @param body the first 64 bytes of its body
   * @param length of its whole body
   */
  record Frame(String head, String body, int length) {
    String command() {
      return head.substring(0, head.indexOf('\n'));
    }

    /** The header's value, escaped as it came; empty without it. */
    String header(String name) {
      int start = head.indexOf("\n" + name + ":");
      if (start < 0) {
        return "";
      }
      int value = start + name.length() + 2;
      int end = head.indexOf('\n', value);
      return head.substring(value, end < 0 ? head.length() : end);
    }
  }

  private final CompletableFuture<Peer> connected = new CompletableFuture<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final Map<String, CompletableFuture<Frame>> receipts = new ConcurrentHashMap<>();
  private final AtomicInteger receipt = new AtomicInteger();
  private final AtomicInteger messages = new AtomicInteger();
  private final List<Frame> frames = new ArrayList<>();
  private volatile Consumer<Frame> listener = frame -> {};
  private volatile ChannelHandlerContext context;

  /** Completes, on the swarm's thread, when CONNECTED has come. */
  CompletableFuture<Peer> connected() {
    return connected;
  }

  /** Completes with the close code when the socket has ended; 1006 without a Close frame. */
  CompletableFuture<Integer> closed() {
    return closed;
  }

  /** Awaits what has no reason to take long. */
  static <T> T join(CompletableFuture<T> future) {
    return future.orTimeout(Node.PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Calls this on the swarm's thread with each frame from now on, after it was kept. */
  void onFrame(Consumer<Frame> consumer) {
    listener = consumer;
  }

  /** Subscribes; completes with the RECEIPT. */
  CompletableFuture<Frame> subscribe(String id, String destination) {
    return confirmed("SUBSCRIBE\nid:" + id + "\ndestination:" + destination, "");
  }

  /** Unsubscribes; completes with the RECEIPT. */
  CompletableFuture<Frame> unsubscribe(String id) {
    return confirmed("UNSUBSCRIBE\nid:" + id, "");
  }

  /** Publishes; completes with the RECEIPT. */
  CompletableFuture<Frame> publish(String destination, String body) {
    return confirmed("SEND\ndestination:" + destination, body);
  }

  /** Publishes without asking for a receipt. */
  void send(String destination, String body) {
    write("SEND\ndestination:" + destination, body);
  }

  private CompletableFuture<Frame> confirmed(String head, String body) {
    String id = "r" + receipt.incrementAndGet();
    CompletableFuture<Frame> answer = new CompletableFuture<>();
    receipts.put(id, answer);
    write(head + "\nreceipt:" + id, body);
    closed.thenAccept(code -> answer.completeExceptionally(new IOException("closed: " + code)));
    return answer;
  }

  private void write(String head, String body) {
    context.writeAndFlush(new TextWebSocketFrame(head + "\n\n" + body + "\0"));
  }

  /** Stops reading from the socket. */
  void stopReading() {
    context.channel().config().setAutoRead(false);
  }

  /** Reads on, and no longer in small pieces. */
  void readOn() {
    context.channel().config().setOption(ChannelOption.SO_RCVBUF, 1 << 20);
    context.channel().config().setAutoRead(true);
  }

  /** Ends the TCP connection by a reset. */
  void reset() {
    context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
    context.channel().close();
  }

  /** Ends the TCP connection. */
  void hangUp() {
    context.channel().close();
  }

  /** How many MESSAGE frames have come. */
  int messageCount() {
    return messages.get();
  }

  /** All frames so far. */
  List<Frame> frames() {
    synchronized (frames) {
      return List.copyOf(frames);
    }
  }

  /** The MESSAGE frames so far. */
  List<Frame> messages() {
    return frames().stream().filter(frame -> frame.command().equals("MESSAGE")).toList();
  }

  /** The bodies of the MESSAGE frames so far, as far as they are kept. */
  List<String> bodies() {
    return messages().stream().map(Frame::body).toList();
  }

  /** Awaits as many MESSAGE frames. */
  void awaitMessages(int count) {
    Node.patiently().untilAsserted(() -> assertThat(messageCount()).isGreaterThanOrEqualTo(count));
  }

  void failed(Throwable cause) {
    connected.completeExceptionally(cause);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
      write("CONNECT\naccept-version:1.2\nhost:localhost", "");
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame message) {
    if (message instanceof CloseWebSocketFrame close) {
      closed.complete(close.statusCode());
      ctx.writeAndFlush(new CloseWebSocketFrame(close.statusCode(), ""))
          .addListener(ChannelFutureListener.CLOSE);
    } else {
      accept(parse(message.content()));
    }
  }

  private static Frame parse(ByteBuf bytes) {
    int start = bytes.readerIndex();
    int end = start;
    while (bytes.getByte(end) != '\n' || bytes.getByte(end + 1) != '\n') {
      end++;
    }
    int length = bytes.writerIndex() - 1 - (end + 2);
    return new Frame(
        bytes.toString(start, end - start, StandardCharsets.UTF_8),
        bytes.toString(end + 2, Math.min(length, KEPT_BODY), StandardCharsets.UTF_8),
        length);
  }

  private void accept(Frame frame) {
    synchronized (frames) {
      frames.add(frame);
    }
    switch (frame.command()) {
      case "CONNECTED" -> connected.complete(this);
      case "MESSAGE" -> messages.incrementAndGet();
      case "RECEIPT" -> receipts.remove(frame.header("receipt-id")).complete(frame);
      case "ERROR" -> {} // and a Close frame follows
      default -> throw new AssertionError("An unknown frame: " + frame);
    }
    listener.accept(frame);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    closed.complete(ABNORMAL);
    failed(new IOException("The socket ended before CONNECTED"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    failed(cause);
    ctx.close();
  }
}

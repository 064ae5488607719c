package io.drumline.stomp.codec;

import io.drumline.security.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Splits one client's byte stream into frames. The stream may arrive in pieces of any size, split
 * at any point. Every byte is read a constant number of times, and no buffer is kept between
 * frames. Not thread-safe.
 */
public final class StompDecoder {
  private static final byte LF = '\n';
  private static final byte NUL = 0;
  private static final byte[] NO_BODY = {};

  /** Longer than any command; enough to quote an unknown one in the error. */
  private static final int COMMAND_LINE = 32;

  private static final int FIRST_KEPT = 256;
  private static final int SCRATCH = 1024;

  /** Holds a header line that arrived whole, for parsing. */
  private static final FastThreadLocal<byte[]> scratch =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[SCRATCH];
        }
      };

  /** The part of a frame that the next byte belongs to. */
  private enum State {
    BETWEEN_FRAMES,
    COMMAND,
    HEADERS,
    /** A body whose length was declared. */
    COUNTED_BODY,
    /** A body that ends at the first NUL. */
    OPEN_BODY,
    /** The NUL after a counted or absent body. */
    END,
    /** The NUL after the line feed that some clients of 1.0 and 1.1 send as an absent body. */
    END_AFTER_LINE_FEED,
    STOPPED
  }

  private final StompLimits limits;
  private final FrameHead head;
  private State state = State.BETWEEN_FRAMES;
  private int bodyLength;

  // The first part of a line or body that is incomplete.
  private byte @Nullable [] kept;
  private int keptLength;

  public StompDecoder(StompLimits limits) {
    this.limits = limits;
    this.head = new FrameHead(limits);
  }

  /**
   * Reads all bytes, and passes on each complete frame. Keeps nothing of {@code in} and does not
   * release it.
   *
   * @throws StompException if the client violated the protocol; the rest of the stream is ignored
   */
  public void decode(ByteBuf in, Consumer<ClientFrame> out) {
    try {
      while (in.isReadable()) {
        read(in, out);
      }
    } catch (StompException broken) {
      stop();
      throw broken;
    }
  }

  private void read(ByteBuf in, Consumer<ClientFrame> out) {
    switch (state) {
      case BETWEEN_FRAMES -> skipBetweenFrames(in);
      case COMMAND -> readLine(in, COMMAND_LINE);
      case HEADERS -> readLine(in, limits.headerBytes());
      case COUNTED_BODY -> readCountedBody(in);
      case OPEN_BODY -> readOpenBody(in, out);
      case END, END_AFTER_LINE_FEED -> readEnd(in, out);
      case STOPPED -> in.skipBytes(in.readableBytes());
    }
  }

  /**
   * Sets the negotiated version: its escaping and the limits of connected clients apply to later
   * frames. May be called while a frame is being passed on.
   */
  public void connected(StompVersion negotiated) {
    head.connected(negotiated);
  }

  /** Ignores the rest of the stream. May be called while a frame is being passed on. */
  public void stop() {
    state = State.STOPPED;
    forgetFrame();
  }

  /** EOLs are heart-beats or padding; some clients send stray NULs. */
  private void skipBetweenFrames(ByteBuf in) {
    byte b = in.getByte(in.readerIndex());
    if (b == LF || b == '\r' || b == NUL) {
      in.skipBytes(1);
    } else {
      state = State.COMMAND;
    }
  }

  private void readLine(ByteBuf in, int limit) {
    int start = in.readerIndex();
    int room = limit - keptLength;
    int end = in.indexOf(start, start + Math.min(in.readableBytes(), room + 1), LF);
    if (end < 0) {
      keepLine(in, limit, room);
      return;
    }
    int length = end - start;
    if (keptLength == 0) {
      byte[] line = length <= SCRATCH ? scratch.get() : new byte[length];
      in.readBytes(line, 0, length).skipBytes(1);
      line(line, length);
    } else {
      byte[] line = keep(in, length, limit);
      in.skipBytes(1);
      length = keptLength;
      keptLength = 0;
      line(line, length);
    }
  }

  private void keepLine(ByteBuf in, int limit, int room) {
    int length = in.readableBytes();
    if (in.indexOf(in.readerIndex(), in.readerIndex() + Math.min(length, room), NUL) >= 0) {
      throw head.cutShort();
    }
    if (length > room) {
      throw state == State.COMMAND
          ? head.broken(ClientCommand.MISSING)
          : head.tooBig(Limit.HEADER_SIZE, "A header line may have at most " + limit + " bytes.");
    }
    keep(in, length, limit);
  }

  private void line(byte[] line, int length) {
    int text = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
    head.count(length + 1);
    if (state == State.COMMAND) {
      head.begin(line, text);
      state = State.HEADERS;
    } else if (text > 0) {
      head.header(line, text);
    } else {
      kept = null;
      bodyLength = head.end();
      state = body();
    }
  }

  /** The state after the headers. */
  private State body() {
    if (!head.command().mayHaveBody()) {
      if (bodyLength > 0) {
        throw superfluousBody();
      }
      return State.END;
    }
    if (bodyLength > head.bodyLimit()) {
      throw bodyTooBig();
    }
    return bodyLength == 0 ? State.END : bodyLength < 0 ? State.OPEN_BODY : State.COUNTED_BODY;
  }

  private void readCountedBody(ByteBuf in) {
    keep(in, Math.min(in.readableBytes(), bodyLength - keptLength), bodyLength);
    if (keptLength == bodyLength) {
      state = State.END;
    }
  }

  private void readOpenBody(ByteBuf in, Consumer<ClientFrame> out) {
    int start = in.readerIndex();
    int end = in.indexOf(start, in.writerIndex(), NUL);
    int length = end < 0 ? in.readableBytes() : end - start;
    if (length > head.bodyLimit() - keptLength) {
      throw bodyTooBig();
    }
    if (end < 0) {
      keep(in, length, head.bodyLimit());
    } else {
      keep(in, length, keptLength + length);
      in.skipBytes(1);
      handOver(out);
    }
  }

  private void readEnd(ByteBuf in, Consumer<ClientFrame> out) {
    byte b = in.readByte();
    if (b == LF && state == State.END && head.mayEndWithLineFeed()) {
      state = State.END_AFTER_LINE_FEED;
      return;
    }
    if (b != NUL) {
      throw head.command().mayHaveBody()
          ? head.broken("The body is longer than its content-length.")
          : superfluousBody();
    }
    handOver(out);
  }

  /** Appends bytes to those kept; the array never grows beyond {@code most}. */
  private byte[] keep(ByteBuf in, int length, int most) {
    int needed = keptLength + length;
    byte[] array = kept == null ? NO_BODY : kept;
    if (array.length < needed) {
      int roomy = Math.max(needed, Math.max(FIRST_KEPT, 2 * keptLength));
      array = Arrays.copyOf(array, Math.min(most, roomy));
      kept = array;
    }
    in.readBytes(array, keptLength, length);
    keptLength = needed;
    return array;
  }

  private void handOver(Consumer<ClientFrame> out) {
    byte[] body = kept == null ? NO_BODY : kept;
    if (body.length != keptLength) {
      body = Arrays.copyOf(body, keptLength);
    }
    ClientFrame frame = head.frame(body);
    state = State.BETWEEN_FRAMES; // before the frame is passed on, as its consumer may stop us
    forgetFrame();
    out.accept(frame);
  }

  private void forgetFrame() {
    head.clear();
    kept = null;
    keptLength = 0;
  }

  private StompException bodyTooBig() {
    return head.tooBig(
        Limit.BODY, "The body is too large; at most " + head.bodyLimit() + " bytes can be sent.");
  }

  private StompException superfluousBody() {
    return head.broken(head.command() + " must not have a body.");
  }
}

package io.drumline.stomp;

import io.drumline.message.CloseCode;
import io.drumline.security.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts one client's byte stream into frames. The stream may come in pieces of any size, cut
 * anywhere; every octet is looked at a fixed number of times, and between frames nothing is held.
 * Used on one thread.
 */
final class StompDecoder {
  private static final byte LF = '\n';
  private static final byte NUL = 0;
  private static final byte[] NO_BODY = {};

  /** No command is as long; enough to name an unknown one in the answer. */
  private static final int COMMAND_LINE = 32;

  private static final int FIRST_KEPT = 256;
  private static final int SCRATCH = 1024;

  /** A header line that has arrived whole is parsed here. */
  private static final FastThreadLocal<byte[]> scratch =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[SCRATCH];
        }
      };

  /** What the next octet belongs to. */
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
    STOPPED
  }

  private final StompLimits limits;
  private State state = State.BETWEEN_FRAMES;
  private @Nullable StompVersion version;

  // The frame that is being read.
  private ClientCommand command = ClientCommand.SEND;
  private @Nullable String
      unknownCommand; // the answer, once its headers say whether it wants a receipt
  private @Nullable StompVersion escaping; // null: as in CONNECT
  private @Nullable ArrayList<Header> headers;
  private int headerLines;
  private int headOctets;
  private int bodyLength;

  // The beginning of a line or body whose end has not arrived.
  private byte @Nullable [] kept;
  private int keptLength;

  StompDecoder(StompLimits limits) {
    this.limits = limits;
  }

  /**
   * Reads the next octets, all of them, and hands over each frame that is complete. Keeps nothing
   * of {@code in} and does not release it.
   *
   * @throws StompException when the client broke the protocol; what follows is ignored
   */
  void decode(ByteBuf in, Consumer<ClientFrame> out) {
    while (in.isReadable()) {
      switch (state) {
        case BETWEEN_FRAMES -> skipBetweenFrames(in);
        case COMMAND -> readLine(in, COMMAND_LINE);
        case HEADERS -> readLine(in, limits.headerBytes());
        case COUNTED_BODY -> readCountedBody(in);
        case OPEN_BODY -> readOpenBody(in, out);
        case END -> readEnd(in, out);
        case STOPPED -> in.skipBytes(in.readableBytes());
      }
    }
  }

  /**
   * The client is connected and speaks this version: frames that begin from now on are escaped as
   * it says, and may be larger. May be called while a frame is handed over.
   */
  void connected(StompVersion negotiated) {
    if (version != null) {
      throw new IllegalStateException("Already connected.");
    }
    version = negotiated;
  }

  /** Ignores the rest of the stream. May be called while a frame is handed over. */
  void stop() {
    state = State.STOPPED;
    forgetFrame();
  }

  /** EOLs are heart-beats or padding; stray NULs are sent by some clients. */
  private void skipBetweenFrames(ByteBuf in) {
    byte octet = in.getByte(in.readerIndex());
    if (octet == LF || octet == '\r' || octet == NUL) {
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
      throw endedInHead();
    }
    if (length > room) {
      throw state == State.COMMAND
          ? broken(ClientCommand.MISSING)
          : tooBig(Limit.HEADER_SIZE, "A header line may have at most " + limit + " octets.");
    }
    keep(in, length, limit);
  }

  private void line(byte[] line, int length) {
    int text = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
    headOctets += length + 1;
    if (headOctets > headLimit()) {
      throw tooBig(
          Limit.HEADERS_SIZE,
          "The headers of a frame may have at most " + headLimit() + " octets.");
    }
    if (state == State.COMMAND) {
      beginFrame(line, text);
    } else if (text == 0) {
      endHeaders();
    } else {
      header(line, text);
    }
  }

  private void beginFrame(byte[] line, int length) {
    ClientCommand known = ClientCommand.of(line, length);
    if (known == null) {
      unknownCommand = ClientCommand.unknown(line, length);
      if (unknownCommand.equals(ClientCommand.MISSING)) {
        throw broken(unknownCommand);
      }
    } else {
      command = known;
    }
    escaping = known != null && known.connects() ? null : version;
    headers = new ArrayList<>(6);
    state = State.HEADERS;
  }

  private void header(byte[] line, int length) {
    if (++headerLines > limits.headers()) {
      throw tooBig(Limit.HEADERS, "A frame may have at most " + limits.headers() + " headers.");
    }
    int colon = -1;
    int allOctets = 0;
    boolean escaped = false;
    for (int i = 0; i < length; i++) {
      byte octet = line[i];
      allOctets |= octet;
      if (octet == ':' && colon < 0) {
        colon = i;
      } else if (octet == '\\') {
        escaped = true;
      } else if (octet == '\r' && (escaping == null || escaping.escapesCarriageReturn())) {
        throw broken("A header must not contain a bare carriage return.");
      } else if (octet == NUL) {
        throw endedInHead();
      }
    }
    if (colon < 0) {
      throw broken("A header line must have a colon.");
    }
    boolean ascii = allOctets >= 0;
    Header header =
        new Header(
            ascii ? Header.name(line, colon) : utf8(line, 0, colon),
            ascii
                ? new String(line, colon + 1, length - colon - 1, StandardCharsets.ISO_8859_1)
                : utf8(line, colon + 1, length - colon - 1));
    add(escaped && escaping != null ? unescaped(header, escaping) : header);
  }

  private void add(Header header) {
    Header added = escaping == StompVersion.V1_0 ? header.trimmed() : header;
    if (added.name().isEmpty()) {
      throw broken("A header must have a name.");
    }
    readHeaders().add(added);
  }

  private Header unescaped(Header header, StompVersion rules) {
    String name = HeaderEscaping.unescape(header.name(), rules);
    String value = HeaderEscaping.unescape(header.value(), rules);
    if (name == null || value == null) {
      throw broken("A header has an escape that STOMP " + rules.text() + " does not know.");
    }
    return new Header(name, value);
  }

  private String utf8(byte[] line, int start, int length) {
    String text = HeaderEscaping.utf8(line, start, length);
    if (text == null) {
      throw broken("Headers must be UTF-8.");
    }
    return text;
  }

  private void endHeaders() {
    kept = null;
    if (unknownCommand != null) {
      throw broken(unknownCommand);
    }
    List<Header> read = readHeaders();
    if (command.connects()
        && StompVersion.negotiate(Header.first(read, "accept-version"))
            .equals(Optional.of(StompVersion.V1_0))) {
      escaping = StompVersion.V1_0;
      headers = new ArrayList<>(read.size());
      read.forEach(this::add);
    }
    String declared = Header.first(readHeaders(), "content-length");
    bodyLength = declared == null ? -1 : length(declared);
    if (command.mayHaveBody()) {
      if (bodyLength > bodyLimit()) {
        throw bodyTooBig();
      }
      state = bodyLength == 0 ? State.END : bodyLength < 0 ? State.OPEN_BODY : State.COUNTED_BODY;
    } else if (bodyLength > 0) {
      throw broken(command + " must not have a body.");
    } else {
      state = State.END;
    }
  }

  /** Of a content-length; the greatest int if it is more than that. */
  private int length(String digits) {
    long length = 0;
    for (int i = 0; i < digits.length(); i++) {
      char digit = digits.charAt(i);
      if (digit < '0' || digit > '9') {
        throw badLength();
      }
      length = Math.min(length * 10 + digit - '0', Integer.MAX_VALUE);
    }
    if (digits.isEmpty()) {
      throw badLength();
    }
    return (int) length;
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
    if (length > bodyLimit() - keptLength) {
      throw bodyTooBig();
    }
    if (end < 0) {
      keep(in, length, bodyLimit());
    } else {
      keep(in, length, keptLength + length);
      in.skipBytes(1);
      handOver(out);
    }
  }

  private void readEnd(ByteBuf in, Consumer<ClientFrame> out) {
    if (in.readByte() != NUL) {
      throw broken(
          command.mayHaveBody()
              ? "The body is longer than its content-length."
              : command + " must not have a body.");
    }
    handOver(out);
  }

  /** Moves octets behind those that are kept; the array never grows beyond {@code most}. */
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
    ClientFrame frame = new ClientFrame(command, readHeaders(), body);
    state = State.BETWEEN_FRAMES; // before the frame goes out, as its reader may stop us
    forgetFrame();
    out.accept(frame);
  }

  private void forgetFrame() {
    headers = null;
    headerLines = 0;
    headOctets = 0;
    kept = null;
    keptLength = 0;
  }

  private List<Header> readHeaders() {
    if (headers == null) {
      throw new IllegalStateException("No frame has begun.");
    }
    return headers;
  }

  private int headLimit() {
    return version == null
        ? Math.min(limits.headersBytes(), limits.connectFrameBytes())
        : limits.headersBytes();
  }

  private int bodyLimit() {
    return version == null ? limits.connectFrameBytes() - headOctets : limits.bodyBytes();
  }

  private StompException endedInHead() {
    return broken("The frame ended before the empty line after its headers.");
  }

  private StompException badLength() {
    return broken("content-length must be a number of octets.");
  }

  private StompException bodyTooBig() {
    return tooBig(
        Limit.BODY, "The body is too large: at most " + bodyLimit() + " octets can be sent.");
  }

  private StompException broken(String sentence) {
    return new StompException(sentence, stopped());
  }

  private StompException tooBig(Limit limit, String sentence) {
    return StompException.exceeds(limit, sentence, stopped(), CloseCode.TOO_BIG);
  }

  /** Stops; the receipt that the frame asked for, as far as it has come. */
  private @Nullable String stopped() {
    String receipt = headers == null ? null : Header.first(headers, "receipt");
    stop();
    return receipt;
  }
}

package io.drumline.stomp.codec;

import io.drumline.message.CloseCode;
import io.drumline.security.Limit;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The command and the headers of the frame that a {@link StompDecoder} is reading, built line by
 * line. Reused for all frames of a client.
 */
final class FrameHead {
  private static final byte NUL = 0;

  private final StompLimits limits;
  private @Nullable StompVersion version;
  private ClientCommand command = ClientCommand.SEND;

  /** The error to send after the headers, since they say whether a receipt is requested. */
  private @Nullable String unknownCommand;

  /** Null for the rules of CONNECT. */
  private @Nullable StompVersion escaping;

  private @Nullable List<Header> headers;
  private int lines;
  private int bytes;

  FrameHead(StompLimits limits) {
    this.limits = limits;
  }

  /** Sets the version whose escaping and limits apply to later frames. */
  void connected(StompVersion negotiated) {
    if (version != null) {
      throw new IllegalStateException("Already connected.");
    }
    version = negotiated;
  }

  ClientCommand command() {
    return command;
  }

  /**
   * Whether a line feed may precede the NUL of this frame without a body, as clients of 1.0 and 1.1
   * may write it.
   */
  boolean mayEndWithLineFeed() {
    StompVersion spoken =
        version != null
            ? version
            : StompVersion.negotiate(Header.first(headers(), "accept-version"))
                .orElse(StompVersion.V1_2);
    return !command.mayHaveBody() && spoken != StompVersion.V1_2;
  }

  /** Counts the bytes of a line, including its end. */
  void count(int length) {
    bytes += length;
    if (bytes > limit()) {
      throw tooBig(
          Limit.HEADERS_SIZE, "The headers of a frame may have at most " + limit() + " bytes.");
    }
  }

  /** Reads the first line. */
  void begin(byte[] line, int length) {
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
  }

  /** Reads a header line. */
  void header(byte[] line, int length) {
    if (++lines > limits.headers()) {
      throw tooBig(Limit.HEADERS, "A frame may have at most " + limits.headers() + " headers.");
    }
    int colon = -1;
    int allBytes = 0;
    boolean escaped = false;
    for (int i = 0; i < length; i++) {
      byte b = line[i];
      allBytes |= b;
      if (b == ':' && colon < 0) {
        colon = i;
      } else if (b == '\\') {
        escaped = true;
      } else if (b == '\r' && (escaping == null || escaping.escapesCarriageReturn())) {
        throw broken("A header must not contain a bare carriage return.");
      } else if (b == NUL) {
        throw cutShort();
      }
    }
    if (colon < 0) {
      throw broken("A header line must have a colon.");
    }
    boolean ascii = allBytes >= 0;
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
    headers().add(added);
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

  /** Ends the headers at the empty line. Returns the length of the body; -1 if not declared. */
  int end() {
    if (unknownCommand != null) {
      throw broken(unknownCommand);
    }
    List<Header> read = headers();
    if (command.connects()
        && StompVersion.negotiate(Header.first(read, "accept-version"))
            .equals(Optional.of(StompVersion.V1_0))) {
      escaping = StompVersion.V1_0;
      headers = new ArrayList<>(read.size());
      read.forEach(this::add);
    }
    String declared = Header.first(headers(), "content-length");
    return declared == null ? -1 : length(declared);
  }

  /** Parses a content-length; values beyond an int are capped. */
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

  /** The most bytes that the frame's body may have. */
  int bodyLimit() {
    return version == null ? limits.connectFrameBytes() - bytes : limits.bodyBytes();
  }

  private int limit() {
    return version == null
        ? Math.min(limits.headersBytes(), limits.connectFrameBytes())
        : limits.headersBytes();
  }

  /** The frame with this head. */
  ClientFrame frame(byte[] body) {
    return new ClientFrame(command, headers(), body);
  }

  /** Prepares for the next frame. */
  void clear() {
    headers = null;
    lines = 0;
    bytes = 0;
  }

  private List<Header> headers() {
    if (headers == null) {
      throw new IllegalStateException("No frame has begun.");
    }
    return headers;
  }

  /** The error for a NUL before the empty line. */
  StompException cutShort() {
    return broken("The frame ended before the empty line after its headers.");
  }

  private StompException badLength() {
    return broken("content-length must be a number of bytes.");
  }

  /** The error for a malformed frame, with its receipt if that has been read. */
  StompException broken(String sentence) {
    return new StompException(sentence, receipt());
  }

  /** As {@link #broken}, for a frame beyond a limit. */
  StompException tooBig(Limit limit, String sentence) {
    return StompException.exceeds(limit, sentence, receipt(), CloseCode.TOO_BIG);
  }

  private @Nullable String receipt() {
    return headers == null ? null : Header.first(headers, "receipt");
  }
}

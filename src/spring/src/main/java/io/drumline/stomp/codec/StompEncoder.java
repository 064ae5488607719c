package io.drumline.stomp.codec;

import io.drumline.hub.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes header blocks and the server's own frames. A frame ends with its NUL and has {@link
 * Frames#MAX_HEADER} bytes of room before its reader index, for the header of a WebSocket frame; it
 * is always UTF-8. The caller must release it.
 */
public final class StompEncoder {
  private static final int SMALL_FRAME = 256;

  private StompEncoder() {}

  /** Header lines escaped as in 1.2, each ended by a line feed. */
  public static byte[] headerBlock(Iterable<Header> headers) {
    ByteBuf block = Unpooled.buffer(SMALL_FRAME);
    writeHeaders(block, headers, StompVersion.V1_2);
    return Arrays.copyOf(block.array(), block.writerIndex());
  }

  /** Converts a 1.2 header block to another version; returns the same array if nothing changes. */
  static byte[] transcode(byte[] block12, StompVersion target) {
    if (target == StompVersion.V1_2) {
      return block12;
    }
    int escape = 0;
    while (escape < block12.length && block12[escape] != '\\') {
      escape++;
    }
    return escape == block12.length ? block12 : rewrite(block12, target);
  }

  /** Passes on the names and values of a 1.2 header block, in order. */
  static void forEach(byte[] block12, BiConsumer<String, String> consumer) {
    String text = new String(block12, StandardCharsets.UTF_8);
    for (int start = 0, end; start < text.length(); start = end + 1) {
      end = text.indexOf('\n', start);
      int colon = text.indexOf(':', start);
      if (end < 0 || colon < 0 || colon > end) {
        throw new IllegalArgumentException("Not a header block.");
      }
      consumer.accept(
          unescape(text.substring(start, colon)), unescape(text.substring(colon + 1, end)));
    }
  }

  /** Writes one header line, escaped for the version. */
  static void writeHeader(ByteBuf out, String name, String value, StompVersion version) {
    out.writeCharSequence(HeaderEscaping.escapeName(name, version), StandardCharsets.UTF_8);
    out.writeByte(':');
    out.writeCharSequence(HeaderEscaping.escapeValue(value, version), StandardCharsets.UTF_8);
    out.writeByte('\n');
  }

  /** A CONNECTED frame; its headers are not escaped in any version. */
  public static ByteBuf connected(ByteBufAllocator alloc, Iterable<Header> headers) {
    ByteBuf frame = begin(alloc, "CONNECTED\n");
    writeHeaders(frame, headers, StompVersion.V1_0);
    return frame.writeByte('\n').writeByte(0);
  }

  public static ByteBuf receipt(
      ByteBufAllocator alloc, String receiptId, List<Header> more, StompVersion version) {
    ByteBuf frame = begin(alloc, "RECEIPT\n");
    writeHeader(frame, "receipt-id", receiptId, version);
    writeHeaders(frame, more, version);
    return frame.writeByte('\n').writeByte(0);
  }

  /**
   * An ERROR frame with the sentence as its {@code message} header and as its body.
   *
   * @param version the client's; 1.0 until it is known
   * @param more further headers
   */
  public static ByteBuf error(
      ByteBufAllocator alloc,
      String sentence,
      @Nullable String receiptId,
      List<Header> more,
      StompVersion version) {
    byte[] body = sentence.getBytes(StandardCharsets.UTF_8);
    ByteBuf frame = begin(alloc, "ERROR\n");
    writeHeader(frame, "message", sentence, version);
    if (receiptId != null) {
      writeHeader(frame, "receipt-id", receiptId, version);
    }
    writeHeaders(frame, more, version);
    writeHeader(frame, "content-type", "text/plain;charset=utf-8", version);
    writeHeader(frame, "content-length", Integer.toString(body.length), version);
    return frame.writeByte('\n').writeBytes(body).writeByte(0);
  }

  private static ByteBuf begin(ByteBufAllocator alloc, String commandLine) {
    ByteBuf frame = alloc.directBuffer(SMALL_FRAME);
    frame.setIndex(Frames.MAX_HEADER, Frames.MAX_HEADER);
    frame.writeCharSequence(commandLine, StandardCharsets.US_ASCII);
    return frame;
  }

  private static void writeHeaders(ByteBuf out, Iterable<Header> headers, StompVersion version) {
    for (Header header : headers) {
      writeHeader(out, header.name(), header.value(), version);
    }
  }

  private static String unescape(String text) {
    String plain = HeaderEscaping.unescape(text, StompVersion.V1_2);
    if (plain == null) {
      throw new IllegalArgumentException("Not a header block.");
    }
    return plain;
  }

  /** Never longer than the block, as 1.2 has the longest form of every character. */
  private static byte[] rewrite(byte[] block12, StompVersion target) {
    byte[] out = new byte[block12.length];
    int length = 0;
    boolean inName = true;
    for (int i = 0; i < block12.length; i++) {
      byte b = block12[i];
      if (b != '\\') {
        inName = b == '\n' || (inName && b != ':');
        out[length++] = b;
        continue;
      }
      byte code = block12[++i];
      if (code == 'r') {
        out[length++] = ' ';
      } else if (target.escapes()) {
        out[length++] = '\\';
        out[length++] = code;
      } else if (code == 'c') {
        out[length++] = (byte) (inName ? '_' : ':');
      } else {
        out[length++] = code == 'n' ? (byte) ' ' : code;
      }
    }
    return length == out.length ? out : Arrays.copyOf(out, length);
  }
}

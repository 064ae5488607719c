package io.drumline.hub;

import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * Encodes server-to-client WebSocket frames (RFC 6455, section 5.2: unmasked, not fragmented). They
 * bypass the codecs, so that all recipients can share one frame.
 */
public final class Frames {
  /** The longest header of an unmasked frame: two bytes and a 64-bit length. */
  public static final int MAX_HEADER = 10;

  private static final int FIN = 0x80;
  private static final int RSV1 = 0x40;
  private static final int TEXT = 0x1;
  private static final int BINARY = 0x2;
  private static final int CLOSE = 0x8;
  private static final int PING = 0x9;
  private static final int PONG = 0xA;
  private static final int MAX_CONTROL_PAYLOAD = 125;

  /** The payload type of a data frame. */
  public enum Payload {
    /** UTF-8 text. */
    TEXT,
    /** Any bytes. */
    BINARY
  }

  private Frames() {}

  /** Bytes of the header before a payload of this length. */
  public static int headerLength(int payload) {
    return payload < 126 ? 2 : payload < 65536 ? 4 : MAX_HEADER;
  }

  /** Writes the header of a data frame, including the compression bit. */
  public static void writeHeader(ByteBuf out, Payload kind, Compression compression, int length) {
    out.writeByte(
        FIN
            | (compression == Compression.DEFLATE ? RSV1 : 0)
            | (kind == Payload.TEXT ? TEXT : BINARY));
    if (length < 126) {
      out.writeByte(length);
    } else if (length < 65536) {
      out.writeByte(126).writeShort(length);
    } else {
      out.writeByte(127).writeLong(length);
    }
  }

  /**
   * A data frame; takes ownership of the payload. If the payload has {@link #MAX_HEADER} bytes free
   * before its reader index, the header is written there and nothing is copied.
   */
  static ByteBuf withHeader(ByteBuf payload, Payload kind, ByteBufAllocator alloc) {
    int length = payload.readableBytes();
    int header = headerLength(length);
    if (payload.readerIndex() >= header) {
      int start = payload.readerIndex() - header;
      int end = payload.writerIndex();
      payload.setIndex(start, start);
      writeHeader(payload, kind, Compression.NONE, length);
      return payload.writerIndex(end);
    }
    ByteBuf frame = alloc.directBuffer(header + length);
    writeHeader(frame, kind, Compression.NONE, length);
    frame.writeBytes(payload);
    payload.release();
    return frame;
  }

  /** A Close frame; the reason is truncated to fit a control frame. */
  public static ByteBuf close(ByteBufAllocator alloc, int code, String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, MAX_CONTROL_PAYLOAD - 2);
    while (length < text.length && length > 0 && (text[length] & 0xC0) == 0x80) {
      length--; // not inside a character
    }
    return control(alloc, CLOSE, length + 2).writeShort(code).writeBytes(text, 0, length);
  }

  /** A Close frame without a code: the answer to one without. */
  public static ByteBuf emptyClose(ByteBufAllocator alloc) {
    return control(alloc, CLOSE, 0);
  }

  /** A ping without payload. */
  public static ByteBuf ping(ByteBufAllocator alloc) {
    return control(alloc, PING, 0);
  }

  /** A ping with an 8-byte number as its payload, which the pong returns. */
  public static ByteBuf ping(ByteBufAllocator alloc, long number) {
    return control(alloc, PING, Long.BYTES).writeLong(number);
  }

  /** A pong with the ping's payload (at most 125 bytes, checked by the decoder). */
  public static ByteBuf pong(ByteBufAllocator alloc, ByteBuf payload) {
    return control(alloc, PONG, payload.readableBytes())
        .writeBytes(payload, payload.readerIndex(), payload.readableBytes());
  }

  /** A STOMP heart-beat: a line feed in a frame of this kind. */
  public static ByteBuf heartBeat(Payload kind) {
    return (kind == Payload.TEXT ? TEXT_HEART_BEAT : BINARY_HEART_BEAT).duplicate();
  }

  private static final ByteBuf TEXT_HEART_BEAT = beat(TEXT);
  private static final ByteBuf BINARY_HEART_BEAT = beat(BINARY);

  private static ByteBuf beat(int opcode) {
    return Unpooled.unreleasableBuffer(
        Unpooled.directBuffer(3).writeByte(FIN | opcode).writeByte(1).writeByte('\n'));
  }

  private static ByteBuf control(ByteBufAllocator alloc, int opcode, int length) {
    return alloc.directBuffer(2 + length).writeByte(FIN | opcode).writeByte(length);
  }

  /** The kind of frame that a publication needs. */
  static Payload kindOf(Publication publication) {
    return isUtf8(publication.body()) && isUtf8(publication.headers())
        ? Payload.TEXT
        : Payload.BINARY;
  }

  /** Whether the bytes are valid UTF-8 and may be sent in a text frame. */
  public static boolean isUtf8(byte[] bytes) {
    return ByteBufUtil.isText(Unpooled.wrappedBuffer(bytes), StandardCharsets.UTF_8);
  }
}

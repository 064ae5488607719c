package io.drumline.hub;

import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.zip.Deflater;

/**
 * Encodes publications into complete WebSocket frames. One per shard, used on its loop: its scratch
 * buffers are reused.
 */
final class FrameEncoder {
  /** RFC 7692, 7.2.1: a compressed message omits these four bytes of an empty block. */
  private static final int DEFLATE_TAIL = 4;

  /** Larger scratch buffers are released after use. */
  private static final int KEPT_BYTES = 64 * 1024;

  private ByteBuf payload = Unpooled.buffer(1024);
  private byte[] deflated = new byte[1024];

  // Speed over size: a message is compressed only once, but on an event loop.
  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);

  /** Appends one frame to {@code out}. */
  void encode(GroupKey key, Publication publication, Frames.Payload kind, ByteBuf out) {
    payload.clear();
    key.format().encode(publication, payload);
    frame(key, kind == Frames.Payload.BINARY ? kind : key.format().carrier(), out);
  }

  /** Appends a gap notice to {@code out}. */
  void encode(GroupKey key, Gap gap, Destination destination, ByteBuf out) {
    payload.clear();
    key.format().encode(gap, destination, payload);
    frame(key, key.format().carrier(), out);
  }

  private void frame(GroupKey key, Frames.Payload kind, ByteBuf out) {
    if (key.compression() == Compression.DEFLATE) {
      int length =
          deflate(
              payload.array(),
              payload.arrayOffset() + payload.readerIndex(),
              payload.readableBytes());
      out.ensureWritable(Frames.headerLength(length) + length);
      Frames.writeHeader(out, kind, Compression.DEFLATE, length);
      out.writeBytes(deflated, 0, length);
    } else {
      int length = payload.readableBytes();
      out.ensureWritable(Frames.headerLength(length) + length);
      Frames.writeHeader(out, kind, Compression.NONE, length);
      out.writeBytes(payload);
    }
    if (payload.capacity() > KEPT_BYTES) {
      payload = Unpooled.buffer(1024);
      deflated = new byte[1024];
    }
  }

  void close() {
    deflater.end();
  }

  /**
   * Compresses into {@link #deflated} without context from earlier messages, so that all members
   * can share the frame.
   */
  private int deflate(byte[] data, int offset, int length) {
    deflater.reset();
    deflater.setInput(data, offset, length);
    int written = 0;
    while (true) {
      written +=
          deflater.deflate(deflated, written, deflated.length - written, Deflater.SYNC_FLUSH);
      if (written < deflated.length) {
        return written - DEFLATE_TAIL;
      }
      deflated = java.util.Arrays.copyOf(deflated, deflated.length * 2);
    }
  }
}

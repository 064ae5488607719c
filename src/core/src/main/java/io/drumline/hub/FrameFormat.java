package io.drumline.hub;

import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;

/**
 * How a publication is encoded for a group of subscribers. Equal formats share one encoded frame,
 * so {@code equals} and {@code hashCode} must cover everything that affects the bytes.
 */
public interface FrameFormat {

  /**
   * The kind of WebSocket frame for these subscribers. A message that is not UTF-8 is always sent
   * as {@link Frames.Payload#BINARY}.
   */
  default Frames.Payload carrier() {
    return Frames.Payload.TEXT;
  }

  /** Writes the frame's payload. Called on an event loop; must not block or keep the buffer. */
  void encode(Publication publication, ByteBuf out);

  /** Writes a gap notice; the same rules as for {@link #encode}. */
  void encode(Gap gap, Destination destination, ByteBuf out);
}

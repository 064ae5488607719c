package io.drumline.hub;

import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;

/**
 * How a publication is written for a group of subscribers. Equal formats share one encoded frame,
 * so {@code equals} and {@code hashCode} must cover all that shows in the bytes.
 */
public interface FrameFormat {

  /**
   * The kind of WebSocket frame that these subscribers are sent; {@link Frames.Payload#BINARY} for
   * a message that is no UTF-8, whatever this is.
   */
  default Frames.Payload carrier() {
    return Frames.Payload.TEXT;
  }

  /** Writes the frame's payload. Called on an event loop; must not block or keep the buffer. */
  void encode(Publication publication, ByteBuf out);

  /** Writes the notice of a gap, as {@link #encode} does. */
  void encode(Gap gap, Destination destination, ByteBuf out);
}

package io.drumline.stomp.codec;

/**
 * Limits of one frame. All but the first are bytes on the wire. Headers and body count separately,
 * so that a body may be exactly as large as its limit.
 *
 * @param headers header lines of a frame, including repeats
 * @param headerBytes one header line
 * @param headersBytes command and header lines together
 * @param connectFrameBytes a whole frame before the client is connected
 * @param bodyBytes a body after that
 */
public record StompLimits(
    int headers, int headerBytes, int headersBytes, int connectFrameBytes, int bodyBytes) {
  static final StompLimits DEFAULT = new StompLimits(128, 8 << 10, 64 << 10, 64 << 10, 1 << 20);

  public StompLimits {
    if (headers < 1
        || headerBytes < 1
        || headersBytes < 1
        || connectFrameBytes < 1
        || bodyBytes < 0) {
      throw new IllegalArgumentException("Limits must be positive.");
    }
  }
}

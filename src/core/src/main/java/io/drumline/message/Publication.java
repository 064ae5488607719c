package io.drumline.message;

import org.jspecify.annotations.Nullable;

/**
 * A message from the backplane, with its position in its destination's order. The arrays are shared
 * by all readers and must not be modified.
 *
 * @param destination of the message
 * @param position its position; {@link Position#NONE} for ephemeral destinations
 * @param previousId the id of the previous message in the destination, empty for the first; this
 *     chain shows gaps and divergence that offsets cannot show
 * @param id unique in the cluster
 * @param time when it was published, in milliseconds since 1970, by the publishing node's clock
 * @param headers escaped STOMP 1.2 header lines, as in {@link Draft#headers()}
 * @param body the body's bytes
 * @param session the only session that receives it, or null for all
 */
@SuppressWarnings("ArrayRecordComponent") // shared and read-only; never compared
public record Publication(
    Destination destination,
    Position position,
    String previousId,
    String id,
    long time,
    byte[] headers,
    byte[] body,
    @Nullable String session) {

  /** Approximate memory of this object beyond its arrays. */
  private static final int OVERHEAD_BYTES = 200;

  /** Approximate bytes in memory, including the objects around the arrays. */
  public int memoryBytes() {
    return headers.length + body.length + OVERHEAD_BYTES;
  }

  /** The {@code message-id} header: the position to resume after, opaque to clients. */
  public String messageId() {
    return position.messageId(id);
  }
}

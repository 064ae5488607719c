package io.drumline.message;

import org.jspecify.annotations.Nullable;

/**
 * A message as the backplane returned it: with its place in its destination's order. The arrays are
 * shared by all readers and never written.
 *
 * @param destination where it went
 * @param position its place; {@link Position#NONE} for ephemeral destinations
 * @param previousId the id of the message before it in the destination, empty for the first; the
 *     chain that shows holes and divergence where offsets cannot
 * @param id unique in the cluster
 * @param time when it was published, milliseconds since 1970, by the publishing node's clock
 * @param headers escaped STOMP 1.2 header lines, as in {@link Draft#headers()}
 * @param body the body's bytes
 * @param session the only session that shall see it, or null for all
 */
@SuppressWarnings("ArrayRecordComponent") // shared and read only; never compared
public record Publication(
    Destination destination,
    Position position,
    String previousId,
    String id,
    long time,
    byte[] headers,
    byte[] body,
    @Nullable String session) {

  /** Memory that this object keeps beyond its arrays, roughly. */
  private static final int OVERHEAD_BYTES = 200;

  /** Bytes that it takes in memory: its own and, roughly, those of the objects around them. */
  public int memoryBytes() {
    return headers.length + body.length + OVERHEAD_BYTES;
  }

  /** The {@code message-id} header: the position to resume after, opaque to clients. */
  public String messageId() {
    return position.messageId(id);
  }
}

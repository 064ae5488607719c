package io.drumline.message;

import org.jspecify.annotations.Nullable;

/**
 * A message to be published, before it has a position in its destination's order.
 *
 * <p>The arrays are not copied: the caller must not modify them afterwards.
 *
 * @param destination of the message
 * @param headers the publisher's headers as STOMP 1.2 header lines, already escaped, each ended by
 *     a line feed; without the headers that the server writes itself
 * @param body the body's bytes
 * @param id the publisher's own id for idempotent publishing, or null: of several messages with the
 *     same id and destination within {@link #ID_MINUTES} minutes, only one is published; ignored
 *     for ephemeral destinations
 * @param session the only session of the destination's user that receives it, or null for all
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
public record Draft(
    Destination destination,
    byte[] headers,
    byte[] body,
    @Nullable String id,
    @Nullable String session) {

  /** How long a publisher's id is remembered, in minutes. */
  public static final int ID_MINUTES = 5;

  public Draft(Destination destination, byte[] headers, byte[] body) {
    this(destination, headers, body, null, null);
  }
}

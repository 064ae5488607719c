package io.drumline.message;

import org.jspecify.annotations.Nullable;

/**
 * A message on its way to the backplane, before it has a place in its destination's order.
 *
 * <p>The arrays are handed over, not copied: whoever makes a draft does not touch them again.
 *
 * @param destination where it goes
 * @param headers the publisher's headers as STOMP 1.2 header lines, already escaped, each ended by
 *     a line feed; none of the headers that the server itself writes
 * @param body the body's bytes
 * @param id the publisher's own id for idempotent publishing, or null: of those with the same id to
 *     the same destination within {@link #ID_MINUTES} minutes, one is published; without meaning
 *     for ephemeral destinations
 * @param session the only session of the destination's user that shall see it, or null for all
 */
@SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
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

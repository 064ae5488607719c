package io.drumline.message;

/**
 * A position in a destination's order.
 *
 * @param epoch identifies a sequence of offsets; a new one begins when the destination's history
 *     was lost
 * @param offset counts the epoch's messages from 1; 0 is the position before the first
 */
public record Position(String epoch, long offset) {

  /** The position of messages without order (ephemeral destinations). */
  public static final Position NONE = new Position("", 0);

  /** Whether it is that of an epoch's first message. */
  public boolean isFirst() {
    return offset == 1;
  }

  /** The wire form of this position with the id of the message at it. */
  public String messageId(String id) {
    return epoch.isEmpty()
        ? id
        : epoch + '.' + Long.toString(offset, Character.MAX_RADIX) + '.' + id;
  }
}

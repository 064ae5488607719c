package io.drumline.backplane;

import java.time.Duration;

/**
 * How much of a destination's history the backplane keeps; the limit that is reached first trims.
 * At least this much can be read while the backplane keeps its data. Slightly more than the limits
 * of bytes and age may be kept, never more messages.
 *
 * @param messages maximum number of messages; 0 for no history
 * @param bytes maximum bytes of envelopes
 * @param age maximum age of a message
 */
public record Retention(int messages, long bytes, Duration age) {

  /** No history: subscribers with continuity receive gap notices, but nothing is repaired. */
  public static final Retention NONE = new Retention(0, 0, Duration.ZERO);

  /** Whether anything is kept. */
  public boolean keeps() {
    return messages > 0;
  }
}

package io.drumline.backplane;

import java.time.Duration;

/**
 * How much of a destination's past the backplane keeps; whichever bound is reached first trims. At
 * least this much is readable while the backplane keeps its data; of bytes and time a little more
 * may be, of messages never.
 *
 * @param messages most messages; 0 for no history
 * @param bytes most bytes of envelopes
 * @param age a message's longest time
 */
public record Retention(int messages, long bytes, Duration age) {

  /** No history: subscribers with continuity are told of every gap, but nothing is repaired. */
  public static final Retention NONE = new Retention(0, 0, Duration.ZERO);

  /** Whether anything is kept. */
  public boolean keeps() {
    return messages > 0;
  }
}

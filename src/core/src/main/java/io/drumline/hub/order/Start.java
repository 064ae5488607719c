package io.drumline.hub.order;

import io.drumline.message.Cursor;
import org.jspecify.annotations.Nullable;

/**
 * Where a subscription begins.
 *
 * @param continuity whether it is told of every gap
 * @param after the point to continue behind, or null to begin with what is live
 * @param replay how many of the last messages come first; counts only without {@code after}
 */
public record Start(boolean continuity, @Nullable Cursor after, int replay) {

  /** What is published from now on. */
  public static final Start LIVE = new Start(false, null, 0);

  /** What is published from now on, and a notice of every gap. */
  public static final Start CONTINUOUS = new Start(true, null, 0);

  /** Whether the destination's order must be asked for its position or its past. */
  public boolean joins() {
    return continuity || replay > 0;
  }
}

package io.drumline.hub.order;

import io.drumline.message.Cursor;
import org.jspecify.annotations.Nullable;

/**
 * Where a subscription begins.
 *
 * @param continuity whether it receives a notice of every gap
 * @param after the position to resume after, or null to begin with live messages
 * @param replay number of most recent messages to deliver first; used only without {@code after}
 */
public record Start(boolean continuity, @Nullable Cursor after, int replay) {

  /** Live messages only. */
  public static final Start LIVE = new Start(false, null, 0);

  /** Live messages and gap notices. */
  public static final Start CONTINUOUS = new Start(true, null, 0);

  /** Whether it needs the order's position or history. */
  public boolean joins() {
    return continuity || replay > 0;
  }
}

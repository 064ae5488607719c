package io.drumline.hub;

import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import org.jspecify.annotations.Nullable;

/**
 * How a subscription begins.
 *
 * @param outcome whether it is live
 * @param cursor its position when it became live; null if it is not live, or requested neither
 *     continuity nor history
 * @param gap the gap before that position, or null
 */
public record Joined(Outcome outcome, @Nullable Cursor cursor, @Nullable Gap gap) {

  /** The outcome of subscribing. */
  public enum Outcome {
    /** Everything published from now on is delivered. */
    LIVE,
    /** Cancelled before it was live. */
    CANCELLED,
    /** The backplane has not answered for this destination so far; the node keeps trying. */
    UNAVAILABLE
  }

  static final Joined LIVE = new Joined(Outcome.LIVE, null, null);
  static final Joined CANCELLED = new Joined(Outcome.CANCELLED, null, null);
  static final Joined UNAVAILABLE = new Joined(Outcome.UNAVAILABLE, null, null);

  static Joined at(Cursor cursor, @Nullable Gap gap) {
    return new Joined(Outcome.LIVE, cursor, gap);
  }
}

package io.drumline.hub;

import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import org.jspecify.annotations.Nullable;

/**
 * What there is to tell of a subscription's beginning.
 *
 * @param outcome whether it is live
 * @param cursor where it was then; null if it is not live, or asked neither for continuity nor for
 *     past messages
 * @param gap what it missed before, or null
 */
public record Joined(Outcome outcome, @Nullable Cursor cursor, @Nullable Gap gap) {

  /** How a subscription begins. */
  public enum Outcome {
    /** Everything that is published from now on will be delivered. */
    LIVE,
    /** It was cancelled before it was live. */
    CANCELLED,
    /** The backplane could not be asked for its destination so far; the node goes on trying. */
    UNAVAILABLE
  }

  static final Joined LIVE = new Joined(Outcome.LIVE, null, null);
  static final Joined CANCELLED = new Joined(Outcome.CANCELLED, null, null);
  static final Joined UNAVAILABLE = new Joined(Outcome.UNAVAILABLE, null, null);

  static Joined at(Cursor cursor, @Nullable Gap gap) {
    return new Joined(Outcome.LIVE, cursor, gap);
  }
}

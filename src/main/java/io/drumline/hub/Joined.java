package io.drumline.hub;

import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import org.jspecify.annotations.Nullable;

/**
 * How a subscription became live.
 *
 * @param cursor where it was then; null if it did not ask for continuity or past messages
 * @param gap what it missed before, or null
 */
public record Joined(@Nullable Cursor cursor, @Nullable Gap gap) {
  static final Joined LIVE = new Joined(null, null);
}

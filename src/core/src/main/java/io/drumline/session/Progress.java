package io.drumline.session;

import io.drumline.message.Cursor;
import org.jspecify.annotations.Nullable;

/**
 * The common position of all subscriptions to one destination.
 *
 * @param position the message-id after which the hindmost would resume; null if unknown
 * @param acknowledged whether all of them are acknowledged up to there
 */
record Progress(@Nullable String position, boolean acknowledged) {

  static Progress of(Tracked tracked) {
    return new Progress(tracked.received(), tracked.acknowledged());
  }

  /** Combines two. */
  Progress and(Progress other) {
    return new Progress(hindmost(position, other.position), acknowledged && other.acknowledged);
  }

  /** Null also if the two cannot be ordered, because their epochs differ. */
  private static @Nullable String hindmost(@Nullable String one, @Nullable String other) {
    if (one == null || other == null || one.equals(other)) {
      return other == null ? null : one;
    }
    try {
      Cursor first = Cursor.parse(one);
      Cursor second = Cursor.parse(other);
      if (first.epoch().equals(second.epoch())) {
        return first.offset() <= second.offset() ? one : other;
      }
    } catch (IllegalArgumentException notOrdered) {
      // like different epochs
    }
    return null;
  }
}

package io.drumline.session;

import io.drumline.message.Cursor;
import org.jspecify.annotations.Nullable;

/**
 * How far all subscriptions of one destination are.
 *
 * @param position the message-id behind which the hindmost of them would go on; null where it is
 *     not known
 * @param acknowledged whether all of them are acknowledged up to there
 */
record Progress(@Nullable String position, boolean acknowledged) {

  static Progress of(Tracked tracked) {
    return new Progress(tracked.received(), tracked.acknowledged());
  }

  /** Of these and of those together. */
  Progress and(Progress other) {
    return new Progress(hindmost(position, other.position), acknowledged && other.acknowledged);
  }

  /** Null, too, where the order of the two is not known: they are of different epochs. */
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
      // as with epochs that differ
    }
    return null;
  }
}

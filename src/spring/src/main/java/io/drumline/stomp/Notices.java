package io.drumline.stomp;

/**
 * The headers of a notice, a MESSAGE by which the server itself tells a subscriber something.
 *
 * <p>Until 0.1 they had no prefix, and publishers' headers of these names were dropped. Notices
 * carry both for one version.
 */
final class Notices {
  /** What has happened: {@code gap}. */
  static final String EVENT = "drumline-event";

  /** Why. */
  static final String REASON = "drumline-reason";

  /** How many messages are missing: a number, or {@code unknown}. */
  static final String MISSED = "drumline-missed";

  /** As {@link #EVENT} for clients of the version before. */
  static final String OLD_EVENT = "event";

  /** As {@link #REASON} for clients of the version before. */
  static final String OLD_REASON = "reason";

  /** As {@link #MISSED} for clients of the version before. */
  static final String OLD_MISSED = "missed";

  private Notices() {}
}

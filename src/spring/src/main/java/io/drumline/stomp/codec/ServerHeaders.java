package io.drumline.stomp.codec;

/**
 * The headers that only the server writes: those of a notice, a MESSAGE by which the server itself
 * tells a subscriber something, and of an ERROR.
 *
 * <p>Until 0.1 those of notices had no prefix, and publishers' headers of these names were dropped.
 * Notices carry both for one version.
 */
public final class ServerHeaders {
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

  /**
   * Of an ERROR: when the client should come back, {@code now}, {@code later} or {@code no}, for
   * those whose WebSocket library does not show them the close code that follows.
   */
  public static final String RECONNECT = "drumline-reconnect";

  private ServerHeaders() {}
}

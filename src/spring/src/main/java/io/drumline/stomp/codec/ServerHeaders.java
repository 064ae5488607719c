package io.drumline.stomp.codec;

/**
 * The headers that only the server writes: those of an ERROR, and of notices, which are MESSAGE
 * frames from the server itself.
 *
 * <p>Until 0.1, headers of notices had no prefix, and publishers' headers of these names were
 * dropped. Notices carry both forms for one version.
 */
public final class ServerHeaders {
  /** The event: {@code gap}. */
  static final String EVENT = "drumline-event";

  /** The reason for the event. */
  static final String REASON = "drumline-reason";

  /** The number of missing messages, or {@code unknown}. */
  static final String MISSED = "drumline-missed";

  /** As {@link #EVENT}, for clients of the previous version. */
  static final String OLD_EVENT = "event";

  /** As {@link #REASON}, for clients of the previous version. */
  static final String OLD_REASON = "reason";

  /** As {@link #MISSED}, for clients of the previous version. */
  static final String OLD_MISSED = "missed";

  /**
   * Of an ERROR: when the client should reconnect, {@code now}, {@code later} or {@code no}; for
   * clients whose WebSocket library does not show the close code that follows.
   */
  public static final String RECONNECT = "drumline-reconnect";

  private ServerHeaders() {}
}

package io.drumline.message;

/**
 * A gap notice: sent to a subscriber with continuity instead of messages that it missed.
 *
 * @param cursor the position after the gap: resuming there does not repeat the notice
 * @param reason why
 * @param missed the number of missed messages; {@link #UNKNOWN} if it is not known
 */
public record Gap(Cursor cursor, Reason reason, long missed) {

  /** Stands for an unknown number. */
  public static final long UNKNOWN = -1;

  /** {@link #UNKNOWN} on the wire. */
  public static final String UNKNOWN_TEXT = "unknown";

  /** Why messages are missing. */
  public enum Reason {
    /** They exceeded the limits of the destination's history. */
    TRIMMED,
    /** The backplane lost the destination's history and began a new one. */
    WIPED,
    /** The backplane lost the end of the history (a failover) and continued from before it. */
    DIVERGED,
    /** The subscriber caught up more slowly than the history was trimmed. */
    OVERFLOW,
    /** The backplane did not answer when the subscription began; it begins here. */
    UNAVAILABLE;

    /** The wire form, such as {@code trimmed}. */
    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** The wire form of {@link #missed}: a number, or {@code unknown}. */
  public String missedText() {
    return missed == UNKNOWN ? UNKNOWN_TEXT : Long.toString(missed);
  }
}

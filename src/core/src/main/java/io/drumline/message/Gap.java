package io.drumline.message;

/**
 * What a subscriber with continuity is told in place of messages that it did not get.
 *
 * @param cursor the point behind the gap: who resumes there is not told again
 * @param reason why
 * @param missed how many messages; {@link #UNKNOWN} where nobody knows
 */
public record Gap(Cursor cursor, Reason reason, long missed) {

  /** Stands for a number that is not known. */
  public static final long UNKNOWN = -1;

  /** {@link #UNKNOWN} as it is on the wire. */
  public static final String UNKNOWN_TEXT = "unknown";

  /** Why messages are missing. */
  public enum Reason {
    /** They were older, or more, than the destination's history keeps. */
    TRIMMED,
    /** The backplane lost the destination's history and began another. */
    WIPED,
    /** The backplane lost the end of the history (a failover) and went on from before it. */
    DIVERGED,
    /** The subscriber caught up more slowly than history was trimmed. */
    OVERFLOW,
    /** The backplane could not be asked when the subscription began; it begins here. */
    UNAVAILABLE;

    /** As it is on the wire, such as {@code trimmed}. */
    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** {@link #missed} as it is on the wire: a number, or {@code unknown}. */
  public String missedText() {
    return missed == UNKNOWN ? UNKNOWN_TEXT : Long.toString(missed);
  }
}

package io.drumline.message;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The position right after one message in a destination's order: what a client resumes after. Its
 * wire form is that message's {@code message-id}.
 *
 * @param position of the message; its epoch is never empty, offset 0 is the position before the
 *     first message
 * @param id of the message; empty before the first
 */
public record Cursor(Position position, String id) {
  private static final Pattern FORM =
      Pattern.compile("([0-9a-z]{6,32})\\.([0-9a-z]{1,12})\\.([0-9a-z-]{0,64})");

  /** The position after this publication, which must be ordered. */
  public static Cursor after(Publication publication) {
    return new Cursor(publication.position(), publication.id());
  }

  /** The position before this publication, which must be ordered. */
  public static Cursor before(Publication publication) {
    Position position = publication.position();
    return new Cursor(
        new Position(position.epoch(), position.offset() - 1), publication.previousId());
  }

  /**
   * Parses the wire form.
   *
   * @throws IllegalArgumentException with a sentence for the client if {@code text} is not the
   *     {@code message-id} of an ordered message
   */
  public static Cursor parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      String id = matcher.group(3);
      long offset = Long.parseLong(matcher.group(2), Character.MAX_RADIX);
      if (offset > 0 || id.isEmpty()) {
        return new Cursor(new Position(matcher.group(1), offset), id);
      }
    }
    throw new IllegalArgumentException(
        "It is not the message-id of a message that can be resumed.");
  }

  public String epoch() {
    return position.epoch();
  }

  public long offset() {
    return position.offset();
  }

  /** Whether this publication is the next one after it. */
  public boolean precedes(Publication publication) {
    return publication.position().offset() == offset() + 1
        && publication.position().epoch().equals(epoch())
        && publication.previousId().equals(id);
  }

  /** The wire form. */
  public String messageId() {
    return position.messageId(id);
  }
}

package io.drumline.message;

import java.util.List;

/**
 * A set of destinations: segments between slashes that match literally, {@code *} for exactly one
 * segment, and {@code **} at the end for any rest, even an empty one. No regular expressions: a
 * match takes time linear in the destination.
 */
public final class DestinationPattern {
  private final String text;
  private final List<String> segments;
  private final boolean open;

  private DestinationPattern(String text, List<String> segments, boolean open) {
    this.text = text;
    this.segments = segments;
    this.open = open;
  }

  /**
   * Reads a pattern such as {@code /topic/orders/**}.
   *
   * @throws IllegalArgumentException with a sentence for the operator
   */
  public static DestinationPattern parse(String text) {
    if (!text.startsWith("/")) {
      throw new IllegalArgumentException("The pattern '" + text + "' must begin with a slash.");
    }
    List<String> segments = List.of(text.substring(1).split("/", -1));
    int last = segments.size() - 1;
    boolean open = segments.get(last).equals("**");
    List<String> fixed = open ? segments.subList(0, last) : segments;
    for (String segment : fixed) {
      if (segment.contains("*") && !segment.equals("*")) {
        throw new IllegalArgumentException(
            "In the pattern '" + text + "' * must be a segment of its own, and ** the last one.");
      }
    }
    return new DestinationPattern(text, fixed, open);
  }

  /** Whether it covers a destination, as {@link Destination#shown} spells it. */
  public boolean matches(String destination) {
    int at = 0;
    for (String segment : segments) {
      if (at >= destination.length() || destination.charAt(at) != '/') {
        return false;
      }
      int end = destination.indexOf('/', at + 1);
      end = end < 0 ? destination.length() : end;
      boolean equal =
          segment.equals("*")
              || (segment.length() == end - at - 1 && destination.startsWith(segment, at + 1));
      if (!equal) {
        return false;
      }
      at = end;
    }
    return open || at == destination.length();
  }

  @Override
  public String toString() {
    return text;
  }
}

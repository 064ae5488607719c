package io.drumline.message;

import java.util.List;

/**
 * A set of destinations, used in rules and settings. A pattern is a sequence of segments, each
 * after a slash; a dot has no special meaning. A segment of a pattern is one of:
 *
 * <ul>
 *   <li>text, which matches exactly that text: {@code /topic/news}
 *   <li>{@code *}, which matches any one segment: <code>/topic/&#42;/prices</code>
 *   <li>text followed by {@code *}, which matches any one longer segment that begins with the text:
 *       {@code /topic/rooms.*} matches {@code /topic/rooms.lobby} and {@code /topic/rooms.a.b}, but
 *       not {@code /topic/rooms.}, {@code /topic/rooms} or {@code /topic/rooms.a/b}
 *   <li>{@code **} at the end, which matches any rest, even none: {@code /topic/orders/**}
 * </ul>
 *
 * <p>No regular expressions: matching takes time linear in the destination and allocates nothing.
 */
public final class DestinationPattern {
  private final String text;
  private final List<Segment> segments;
  private final boolean open;

  /**
   * One segment.
   *
   * @param text the exact text, or the prefix
   * @param open whether more text may follow within the segment
   */
  private record Segment(String text, boolean open) {

    boolean covers(String destination, int start, int end) {
      int more = end - start - text.length();
      boolean fits = open ? more > 0 || text.isEmpty() : more == 0;
      return fits && destination.startsWith(text, start);
    }
  }

  private DestinationPattern(String text, List<Segment> segments, boolean open) {
    this.text = text;
    this.segments = segments;
    this.open = open;
  }

  /**
   * Parses a pattern such as {@code /topic/orders/**}.
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
    return new DestinationPattern(
        text, fixed.stream().map(segment -> segment(text, segment)).toList(), open);
  }

  private static Segment segment(String pattern, String segment) {
    int star = segment.indexOf('*');
    if (star >= 0 && star < segment.length() - 1) {
      throw new IllegalArgumentException(
          "In the pattern '%s' * must end a segment, such as rooms.* or *, and ** be the last one."
              .formatted(pattern));
    }
    return star < 0 ? new Segment(segment, false) : new Segment(segment.substring(0, star), true);
  }

  /** Whether it matches a destination in the form of {@link Destination#shown}. */
  public boolean matches(String destination) {
    int at = 0;
    for (int i = 0; i < segments.size(); i++) {
      if (at >= destination.length() || destination.charAt(at) != '/') {
        return false;
      }
      int end = destination.indexOf('/', at + 1);
      end = end < 0 ? destination.length() : end;
      if (!segments.get(i).covers(destination, at + 1, end)) {
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

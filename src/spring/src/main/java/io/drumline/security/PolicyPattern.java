package io.drumline.security;

import io.drumline.message.DestinationPattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A {@link DestinationPattern} whose segments may have a placeholder for the user's name or a
 * claim: {@code team.{claim:team}} or {@code {user}}. It covers every destination of that shape,
 * for all clients; whether the placeholders fit a client is checked separately. So a client that
 * does not fit is denied, rather than passed to a later, wider rule.
 */
final class PolicyPattern {
  private static final String USER = "user";
  private static final String CLAIM = "claim:";

  /** The pattern is invalid; the message is a sentence for the operator. */
  static final class UnreadableException extends IllegalArgumentException {
    UnreadableException(String message) {
      super(message);
    }
  }

  /** A segment with a placeholder; the claim is null for the user's name. */
  private record Place(int segment, String before, @Nullable String claim, String after) {}

  private final DestinationPattern shape;
  private final List<Place> places;

  /** Whether it covers user destinations, whose second segment is the user name in escaped form. */
  private final boolean forUsers;

  private PolicyPattern(DestinationPattern shape, List<Place> places, boolean forUsers) {
    this.shape = shape;
    this.places = places;
    this.forUsers = forUsers;
  }

  /**
   * Parses a pattern.
   *
   * @throws UnreadableException if it is invalid
   */
  static PolicyPattern parse(String text) {
    String[] segments = text.split("/", -1);
    List<Place> places = new ArrayList<>();
    for (int i = 1; i < segments.length; i++) {
      if (segments[i].contains("{") || segments[i].contains("}")) {
        places.add(place(text, i - 1, segments[i]));
        segments[i] = "*";
      }
    }
    try {
      DestinationPattern shape = DestinationPattern.parse(String.join("/", segments));
      return new PolicyPattern(shape, List.copyOf(places), segments[1].equals(USER));
    } catch (IllegalArgumentException invalid) {
      throw new UnreadableException(String.valueOf(invalid.getMessage()));
    }
  }

  private static Place place(String text, int index, String segment) {
    int open = segment.indexOf('{');
    int close = segment.indexOf('}');
    String rest = open < 0 || close < open ? "}" : segment.substring(close + 1);
    if (rest.contains("{") || rest.contains("}") || segment.contains("*")) {
      throw new UnreadableException(
          "In the pattern '"
              + text
              + "' a segment may have one place, such as {user}, and then no *.");
    }
    String inside = segment.substring(open + 1, close);
    String claim = inside.startsWith(CLAIM) ? inside.substring(CLAIM.length()) : null;
    if (claim == null ? !inside.equals(USER) : claim.isEmpty()) {
      throw new UnreadableException(
          "In the pattern '" + text + "' a place must be {user} or {claim:<name>}.");
    }
    return new Place(index, segment.substring(0, open), claim, rest);
  }

  /** Whether it has placeholders. */
  boolean personal() {
    return !places.isEmpty();
  }

  /** Whether a destination, in the cluster's spelling, has its shape. */
  boolean covers(String destination) {
    if (!shape.matches(destination)) {
      return false;
    }
    for (Place place : places) {
      int start = start(destination, place.segment());
      int length = end(destination, start) - start;
      if (length < place.before().length() + place.after().length()
          || !destination.startsWith(place.before(), start)
          || !destination.startsWith(place.after(), start + length - place.after().length())) {
        return false;
      }
    }
    return true;
  }

  /** Whether a covered destination has the client's values in its placeholders. */
  boolean fits(String destination, Identity who) {
    for (Place place : places) {
      if (!fits(destination, place, who)) {
        return false;
      }
    }
    return true;
  }

  private boolean fits(String destination, Place place, Identity who) {
    int start = start(destination, place.segment());
    int from = start + place.before().length();
    int to = end(destination, start) - place.after().length();
    boolean escaped = forUsers && place.segment() == 1;
    if (place.claim() == null) {
      return equals(destination, from, to, escaped ? escape(who.name()) : who.name());
    }
    Set<String> values = who.claim(place.claim());
    for (String value : values) {
      if (equals(destination, from, to, escaped ? escape(value) : value)) {
        return true;
      }
    }
    return false;
  }

  /** An empty value never matches: it would match for all clients. */
  private static boolean equals(String destination, int from, int to, String value) {
    return !value.isEmpty() && value.length() == to - from && destination.startsWith(value, from);
  }

  private static int start(String destination, int segment) {
    int start = 1;
    for (int i = 0; i < segment; i++) {
      start = destination.indexOf('/', start) + 1;
    }
    return start;
  }

  private static int end(String destination, int start) {
    int end = destination.indexOf('/', start);
    return end < 0 ? destination.length() : end;
  }

  /** Escapes a user name as {@link io.drumline.message.Destination} does. */
  private static String escape(String name) {
    return name.replace("%", "%25").replace("/", "%2F");
  }
}

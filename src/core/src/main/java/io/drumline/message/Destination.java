package io.drumline.message;

import java.nio.charset.StandardCharsets;

/**
 * Where a message goes, as the whole cluster spells it: {@code /topic/…}, {@code /ephemeral/…}, or
 * {@code /user/<name>/…} with the user's name in place (a client's own {@code /user/queue/x}
 * becomes one of these at the protocol edge).
 *
 * @param value the full text; at most {@value #MAX_BYTES} UTF-8 bytes, no control characters
 * @param kind what its first segment says about delivery
 */
public record Destination(String value, Kind kind) {

  /**
   * Longest destination accepted, in UTF-8 bytes: it is a Redis key and a header of every message.
   */
  public static final int MAX_BYTES = 255;

  /** What the first segment of a destination promises. */
  public enum Kind {
    /** Publish and subscribe, ordered, with history. */
    TOPIC("/topic/"),
    /** Publish and subscribe without history: cheapest, at most once. */
    EPHEMERAL("/ephemeral/"),
    /** One user's own, on all of that user's devices. */
    USER("/user/");

    private final String prefix;

    Kind(String prefix) {
      this.prefix = prefix;
    }

    /** The first segment with both slashes, such as {@code /topic/}. */
    public String prefix() {
      return prefix;
    }
  }

  /**
   * A destination as clients and applications spell it. It differs from the cluster's spelling in
   * the name of a user: as in Spring, only a slash is written {@code %2F} there.
   *
   * @throws IllegalArgumentException as {@link #parse}
   */
  public static Destination of(String text) {
    if (text.startsWith(Kind.USER.prefix)) {
      String rest = restOf(text);
      String name = text.substring(Kind.USER.prefix.length(), text.length() - rest.length());
      return ofUser(name.replace("%2F", "/"), rest);
    }
    return parse(text);
  }

  /**
   * Reads a destination in the cluster's spelling.
   *
   * @throws IllegalArgumentException with a sentence for the client, where {@code text} names no
   *     destination that the broker serves
   */
  public static Destination parse(String text) {
    for (Kind kind : Kind.values()) {
      if (text.startsWith(kind.prefix)) {
        return new Destination(text, kind);
      }
    }
    if (text.startsWith("/queue/")) {
      throw new IllegalArgumentException("Queues (/queue/**) are not available on this server.");
    }
    throw new IllegalArgumentException(
        "Unknown destination: it must begin with /topic/, /ephemeral/ or /user/.");
  }

  /** The cluster's spelling of {@code rest} (such as {@code /queue/x}) of one user. */
  public static Destination ofUser(String name, String rest) {
    String slash = rest.isEmpty() || rest.startsWith("/") ? "" : "/";
    return new Destination(Kind.USER.prefix + escapeUser(name) + slash + rest, Kind.USER);
  }

  public Destination {
    if (!value.startsWith(kind.prefix) || value.length() == kind.prefix.length()) {
      throw new IllegalArgumentException(
          "The destination is incomplete: a name must follow " + kind.prefix + ".");
    }
    if (value.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      throw new IllegalArgumentException("The destination is longer than " + MAX_BYTES + " bytes.");
    }
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("The destination contains a control character.");
    }
    if (kind == Kind.USER && restOf(value).length() < 2) {
      throw new IllegalArgumentException(
          "The user destination is incomplete: /user/<name>/<destination>.");
    }
  }

  /** Whether messages carry an offset and are kept for a while; ephemeral ones are not. */
  public boolean ordered() {
    return kind != Kind.EPHEMERAL;
  }

  /**
   * How the destination is shown to a subscriber: a user's own loses the name, {@code
   * /user/queue/x}.
   */
  public String shown() {
    return kind == Kind.USER ? "/user" + restOf(value) : value;
  }

  /** The name in a user destination, decoded; empty for the other kinds. */
  public String user() {
    if (kind != Kind.USER) {
      return "";
    }
    int start = Kind.USER.prefix.length();
    String name = value.substring(start, value.length() - restOf(value).length());
    return name.replace("%2F", "/").replace("%25", "%");
  }

  /**
   * Whether a text lacks the user's name where one belongs, as a client's own {@code /user/queue/x}
   * does in SUBSCRIBE: elsewhere it would lead to a user named queue.
   */
  public static boolean lacksUser(String text) {
    return text.startsWith("/user/queue/") || text.startsWith("/user/topic/");
  }

  private static String restOf(String value) {
    int slash = value.indexOf('/', Kind.USER.prefix.length());
    return slash < 0 ? "" : value.substring(slash);
  }

  private static String escapeUser(String name) {
    return name.replace("%", "%25").replace("/", "%2F");
  }

  @Override
  public String toString() {
    return value;
  }
}

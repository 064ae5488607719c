package io.drumline.message;

import java.nio.charset.StandardCharsets;

/**
 * The destination of a message, in the form used by the whole cluster: {@code /topic/…}, {@code
 * /ephemeral/…}, or {@code /user/<name>/…} with the user's name (a client's own {@code
 * /user/queue/x} is translated to this form when a frame is received).
 *
 * @param value the full text; at most {@value #MAX_BYTES} UTF-8 bytes, no control characters
 * @param kind the kind of delivery, as given by the first segment
 */
public record Destination(String value, Kind kind) {

  /**
   * Maximum length in UTF-8 bytes: a destination is part of a Redis key and a header of every
   * message.
   */
  public static final int MAX_BYTES = 255;

  /** The kind of delivery, as given by the first segment. */
  public enum Kind {
    /** Publish and subscribe, ordered, with history. */
    TOPIC("/topic/"),
    /** Publish and subscribe without history: cheapest, at most once. */
    EPHEMERAL("/ephemeral/"),
    /** For one user, on all of that user's devices. */
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
   * Parses a destination in the form used by clients and applications. It differs from the
   * cluster's form in the user's name: as in Spring, only slashes are escaped there, as {@code
   * %2F}.
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
   * Parses a destination in the cluster's form.
   *
   * @throws IllegalArgumentException with a sentence for the client if {@code text} is not a valid
   *     destination of this server
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

  /** One user's destination in the cluster's form; {@code rest} is for example {@code /queue/x}. */
  public static Destination ofUser(String name, String rest) {
    String slash = rest.isEmpty() || rest.startsWith("/") ? "" : "/";
    return new Destination(Kind.USER.prefix + escapeUser(name) + slash + rest, Kind.USER);
  }

  /**
   * @throws IllegalArgumentException with a sentence for the client if a rule above is violated
   */
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

  /** Whether messages have an offset and are kept for a while; ephemeral ones do not. */
  public boolean ordered() {
    return kind != Kind.EPHEMERAL;
  }

  /** The form shown to subscribers: a user destination without the name, {@code /user/queue/x}. */
  public String shown() {
    return kind == Kind.USER ? "/user" + restOf(value) : value;
  }

  /** The user's name, decoded; empty for the other kinds. */
  public String user() {
    if (kind != Kind.USER) {
      return "";
    }
    int start = Kind.USER.prefix.length();
    String name = value.substring(start, value.length() - restOf(value).length());
    return name.replace("%2F", "/").replace("%25", "%");
  }

  /**
   * Whether the text lacks a user's name, as a client's own {@code /user/queue/x} in SUBSCRIBE
   * does. Elsewhere such a text would address a user named queue.
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

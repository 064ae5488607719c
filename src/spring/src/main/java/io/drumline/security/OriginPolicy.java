package io.drumline.security;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides which web pages may open a WebSocket. With a configured list: pages of its origins and of
 * the endpoint's own origin. Without one: all pages of the host that they connect to, on any port.
 * Immutable; any thread.
 *
 * <p>Origins are compared in the form that browsers and apps send (RFC 6454, section 6.2), in lower
 * case and without the scheme's default port. Hosts are not parsed further: names with an
 * underscore are not valid host names, but resolve.
 */
public final class OriginPolicy {

  /** The decision about an origin. */
  public enum Answer {
    /** The page may connect. */
    ALLOWED,
    /** The page may not connect. */
    REFUSED,
    /**
     * There is no Origin header, so the client is not a browser, which always sends one; the client
     * must authenticate in CONNECT.
     */
    NO_PAGE
  }

  private static final String PROPERTY = "drumline.security.allowed-origins";

  /** In the list: all origins. */
  private static final String ANY = "*";

  /** Sent for pages without an origin of their own, such as sandboxed frames. */
  private static final String OPAQUE = "null";

  /** Sent by some apps for pages that they load from the device. */
  private static final String FILES = "file://";

  /** A host in an origin or a Host header, with its port. */
  private static final String HOST = "(\\[[0-9a-f:.]+]|[\\w.~!$&'()+;=%-]+)(?::(\\d{1,5}))?";

  private static final Pattern HOST_HEADER = Pattern.compile(HOST, Pattern.CASE_INSENSITIVE);
  private static final Pattern ORIGIN =
      Pattern.compile("([a-z][a-z0-9+.-]*)://" + HOST, Pattern.CASE_INSENSITIVE);

  /** Schemes of web pages, and of clients that send the address they connect to as their origin. */
  private static final Set<String> WEB = Set.of("http", "https", "ws", "wss");

  private final Set<String> allowed = new HashSet<>();
  private final boolean any;

  /**
   * @param allowed origins such as {@code https://example.org} or {@code capacitor://localhost},
   *     {@code null}, {@code file://}, or {@code *} for all; empty for the same host
   * @throws IllegalArgumentException if one is not an origin
   */
  public OriginPolicy(List<String> allowed) {
    for (String text : allowed) {
      this.allowed.add(checked(text));
    }
    any = allowed.contains(ANY);
  }

  /** One sentence for each entry of the list that allows pages of unknown sites. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    if (any) {
      warnings.add(
          PROPERTY
              + " contains '*': pages of every site may connect. List their origins if you know"
              + " them, and require tokens.");
    }
    if (allowed.contains(OPAQUE)) {
      warnings.add(
          PROPERTY
              + " contains 'null': every site can make a page with this origin (a sandboxed frame),"
              + " so pages of every site may connect. Require tokens.");
    }
    if (allowed.contains(FILES)) {
      warnings.add(
          PROPERTY
              + " contains 'file://': every HTML file that is opened on a device may connect."
              + " Require tokens.");
    }
    return warnings;
  }

  /**
   * Decides on an upgrade request.
   *
   * @param origins the values of all its {@code Origin} headers
   * @param host its {@code Host} header
   */
  public Answer decide(List<String> origins, @Nullable String host) {
    if (origins.isEmpty()) {
      return Answer.NO_PAGE;
    }
    return origins.size() == 1 && allows(origins.get(0), host) ? Answer.ALLOWED : Answer.REFUSED;
  }

  private boolean allows(String text, @Nullable String host) {
    if (any) {
      return true;
    }
    String spelled = spell(text);
    if (spelled == null) {
      return false;
    }
    return allowed.contains(spelled) || own(text, host);
  }

  /**
   * Whether this is the endpoint's own origin. If origins are listed, the port counts: another port
   * of the host is then another site.
   */
  private boolean own(String text, @Nullable String host) {
    Matcher origin = ORIGIN.matcher(text);
    Matcher endpoint = HOST_HEADER.matcher(host == null ? "" : host);
    if (!origin.matches() || !endpoint.matches()) {
      return false;
    }
    String scheme = lower(origin.group(1));
    return WEB.contains(scheme)
        && origin.group(2).equalsIgnoreCase(endpoint.group(1))
        && (allowed.isEmpty() || port(scheme, origin.group(3)) == port(scheme, endpoint.group(2)));
  }

  private static String checked(String text) {
    if (text.equals(ANY)) {
      return text;
    }
    String spelled = spell(text);
    if (spelled != null) {
      return spelled;
    }
    throw new IllegalArgumentException(
        text.contains(ANY)
            ? "%s contains '%s', which is a pattern: list each origin, or * for all"
                .formatted(PROPERTY, text)
            : "%s contains '%s', which is no origin such as https://example.org"
                .formatted(PROPERTY, text));
  }

  /** The origin in the form for comparison; null if it is invalid. */
  private static @Nullable String spell(String text) {
    if (text.equals(OPAQUE)) {
      return OPAQUE;
    }
    if (text.equalsIgnoreCase(FILES)) {
      return FILES;
    }
    Matcher origin = ORIGIN.matcher(text);
    if (!origin.matches()) {
      return null;
    }
    String scheme = lower(origin.group(1));
    int port = port(scheme, origin.group(3));
    String shown = port == port(scheme, null) ? "" : ":" + port;
    return scheme + "://" + lower(origin.group(2)) + shown;
  }

  /** The port, or the scheme's default port; -1 if the scheme has none. */
  private static int port(String scheme, @Nullable String written) {
    if (written != null) {
      return Integer.parseInt(written);
    }
    return switch (scheme) {
      case "http", "ws" -> 80;
      case "https", "wss" -> 443;
      default -> -1;
    };
  }

  private static String lower(String ascii) {
    return ascii.toLowerCase(Locale.ROOT);
  }
}

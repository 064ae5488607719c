package io.drumline.security;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which web pages may open a socket: those of a list, compared exactly; without one, those of the
 * host that they connect to, whatever their port. Immutable, any thread.
 */
public final class OriginPolicy {

  /** What an origin is worth. */
  public enum Answer {
    /** The page may connect. */
    ALLOWED,
    /** It may not. */
    REFUSED,
    /** No page sent it, for browsers always say which: who the client is, its CONNECT must show. */
    NO_PAGE
  }

  private final Set<String> allowed;

  /**
   * @param allowed origins, such as {@code https://example.org}; none for the same host
   * @throws IllegalArgumentException where one is no origin
   */
  public OriginPolicy(List<String> allowed) {
    this.allowed = allowed.stream().map(OriginPolicy::checked).collect(Collectors.toSet());
  }

  /**
   * Decides on the headers of a request for an upgrade.
   *
   * @param origins the values of all its {@code Origin} headers
   * @param host its {@code Host} header
   */
  public Answer decide(List<String> origins, @Nullable String host) {
    if (origins.isEmpty()) {
      return Answer.NO_PAGE;
    }
    URI origin = origins.size() == 1 ? parse(origins.get(0)) : null;
    if (origin == null) {
      return Answer.REFUSED;
    }
    boolean good =
        allowed.isEmpty() ? origin.getHost().equals(hostOf(host)) : allowed.contains(spell(origin));
    return good ? Answer.ALLOWED : Answer.REFUSED;
  }

  private static @Nullable String hostOf(@Nullable String host) {
    URI uri = host == null ? null : parse("http://" + host);
    return uri == null ? null : uri.getHost();
  }

  private static String checked(String text) {
    URI origin = parse(text);
    if (origin == null) {
      throw new IllegalArgumentException(
          "drumline.security.allowed-origins contains '%s', which is no origin such as %s"
              .formatted(text, "https://example.org"));
    }
    return spell(origin);
  }

  /** An origin, in lower case; null for what is none, {@code null} and patterns among it. */
  private static @Nullable URI parse(String text) {
    try {
      URI uri = new URI(text.toLowerCase(Locale.ROOT));
      boolean origin =
          ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
              && uri.getHost() != null
              && uri.getRawUserInfo() == null
              && uri.getRawPath().isEmpty()
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null;
      return origin ? uri : null;
    } catch (URISyntaxException noOrigin) {
      return null;
    }
  }

  /** With the port only where it is not the scheme's own. */
  private static String spell(URI origin) {
    int own = "https".equals(origin.getScheme()) ? 443 : 80;
    String port = origin.getPort() < 0 || origin.getPort() == own ? "" : ":" + origin.getPort();
    return origin.getScheme() + "://" + origin.getHost() + port;
  }
}

package io.drumline.listener;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The target of an HTTP request, in origin form ({@code /ws?a=b}) or in absolute form ({@code
 * http://host/ws?a=b}), which every server must accept (RFC 9112, section 3.2.2).
 *
 * @param path without the query
 * @param authority the host and port of the absolute form, which replace the {@code Host} header;
 *     null for the origin form
 */
record RequestTarget(String path, @Nullable String authority) {
  private static final Pattern ABSOLUTE =
      Pattern.compile("(?:https?|wss?)://([^/?#]*)([^?#]*).*", Pattern.CASE_INSENSITIVE);

  /** Parses the target of a request line. */
  static RequestTarget of(String target) {
    Matcher absolute = ABSOLUTE.matcher(target);
    if (absolute.matches()) {
      String path = absolute.group(2);
      return new RequestTarget(path.isEmpty() ? "/" : path, absolute.group(1));
    }
    int query = target.indexOf('?');
    return new RequestTarget(query < 0 ? target : target.substring(0, query), null);
  }
}

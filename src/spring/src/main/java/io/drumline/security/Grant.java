package io.drumline.security;

import io.drumline.security.PolicyPattern.UnreadableException;
import java.util.List;

/** One entry of a rule's lists: the clients that it allows. */
sealed interface Grant {

  /** All clients, including anonymous ones. */
  record Anyone() implements Grant {}

  /** All users. */
  record Authenticated() implements Grant {}

  /** Users with a role. */
  record Role(String name) implements Grant {}

  /** Users whose token has a scope. */
  record Scope(String name) implements Grant {}

  /** Users whose token has a claim with this value. */
  record Claim(String name, String value) implements Grant {}

  /**
   * Parses a list.
   *
   * @throws UnreadableException if an entry is invalid
   */
  static List<Grant> parse(List<String> entries) {
    return entries.stream().map(Grant::parse).toList();
  }

  private static Grant parse(String entry) {
    int colon = entry.indexOf(':');
    String kind = colon < 0 ? entry : entry.substring(0, colon);
    String name = entry.substring(colon + 1);
    int equals = name.indexOf('=');
    if (!name.isBlank()) {
      if (colon < 0 && kind.equals("anyone")) {
        return new Anyone();
      } else if (colon < 0 && kind.equals("authenticated")) {
        return new Authenticated();
      } else if (colon > 0 && kind.equals("role")) {
        return new Role(name);
      } else if (colon > 0 && kind.equals("scope")) {
        return new Scope(name);
      } else if (colon > 0 && kind.equals("claim") && equals > 0 && equals < name.length() - 1) {
        return new Claim(name.substring(0, equals), name.substring(equals + 1));
      }
    }
    throw new UnreadableException(
        "'%s' must be anyone, authenticated, role:<name>, scope:<name> or claim:<name>=<value>."
            .formatted(entry));
  }

  /** Whether it requires authentication. */
  default boolean needsLogin() {
    return !(this instanceof Anyone);
  }

  /** Whether it allows this client. */
  default boolean includes(Identity who) {
    if (this instanceof Anyone) {
      return true;
    } else if (this instanceof Role role) {
      return who.roles().contains(role.name());
    } else if (this instanceof Scope scope) {
      return who.scopes().contains(scope.name());
    } else if (this instanceof Claim claim) {
      return who.claim(claim.name()).contains(claim.value());
    }
    return !who.anonymous();
  }
}

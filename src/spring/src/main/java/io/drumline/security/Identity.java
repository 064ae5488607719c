package io.drumline.security;

import java.security.Principal;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An authenticated or anonymous client. Immutable.
 *
 * @param name the user's name; empty if anonymous
 * @param roles the user's roles
 * @param scopes the scopes of the user's token
 * @param claims all claims of the token, for rules and for application code
 * @param expiresAt when it is no longer accepted: the token's expiry plus the configured clock
 *     skew; null without expiry
 * @param tokenId the token's {@code jti}, by which it can be revoked; null without one
 */
public record Identity(
    String name,
    Set<String> roles,
    Set<String> scopes,
    Map<String, Object> claims,
    @Nullable Instant expiresAt,
    @Nullable String tokenId)
    implements Principal {

  /** An anonymous client. */
  public static final Identity ANONYMOUS = named("");

  /** A user of whom only the name is known. */
  public static Identity named(String name) {
    return new Identity(name, Set.of(), Set.of(), Map.of(), null, null);
  }

  @Override
  public String getName() {
    return name;
  }

  /** Whether the client has not authenticated. */
  public boolean anonymous() {
    return name.isEmpty();
  }

  /**
   * The values of a claim, as text. Dots in the name select members of objects, such as {@code
   * realm_access.roles}.
   */
  public Set<String> claim(String claim) {
    return texts(lookUp(claims, claim));
  }

  private static @Nullable Object lookUp(Map<?, ?> claims, String claim) {
    Object whole = claims.get(claim);
    int dot = claim.indexOf('.');
    if (whole != null || dot < 0) {
      return whole;
    }
    return claims.get(claim.substring(0, dot)) instanceof Map<?, ?> inner
        ? lookUp(inner, claim.substring(dot + 1))
        : null;
  }

  private static Set<String> texts(@Nullable Object value) {
    if (value == null || value instanceof Map) {
      return Set.of();
    }
    return value instanceof Collection<?> values
        ? values.stream().map(String::valueOf).collect(Collectors.toUnmodifiableSet())
        : Set.of(value.toString());
  }

  /** Only the name: claims may contain data that must not be logged. */
  @Override
  public String toString() {
    return anonymous() ? "anonymous" : name;
  }
}

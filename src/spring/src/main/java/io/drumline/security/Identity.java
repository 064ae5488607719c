package io.drumline.security;

import java.security.Principal;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who a client is, as its credentials say. Immutable.
 *
 * @param name of the user; empty for one who is anonymous
 * @param roles what the user is
 * @param scopes what the user's token is for
 * @param claims all that the token says, for rules and for application code
 * @param expiresAt from when on it is not accepted any more, which is the token's end and the clock
 *     skew that is allowed; null for one that does not end
 * @param tokenId the token's {@code jti}, by which it can be revoked; null without
 */
public record Identity(
    String name,
    Set<String> roles,
    Set<String> scopes,
    Map<String, Object> claims,
    @Nullable Instant expiresAt,
    @Nullable String tokenId)
    implements Principal {

  /** Nobody in particular. */
  public static final Identity ANONYMOUS = named("");

  /** A user of whom nothing but the name is known. */
  public static Identity named(String name) {
    return new Identity(name, Set.of(), Set.of(), Map.of(), null, null);
  }

  @Override
  public String getName() {
    return name;
  }

  /** Whether nobody has shown who they are. */
  public boolean anonymous() {
    return name.isEmpty();
  }

  /**
   * The values of a claim, as text. A name with dots reaches into objects, such as {@code
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

  /** The name only: claims may hold what belongs in no log. */
  @Override
  public String toString() {
    return anonymous() ? "anonymous" : name;
  }
}

package io.drumline.api;

import io.drumline.api.ApiProperties.Scope;
import java.util.List;
import java.util.Set;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.Authentication;

/**
 * The keys for the console: those with the scope read or admin. Tokens are not accepted, since a
 * session would outlive them. Called on the request's thread.
 */
final class ConsoleKeys implements AuthenticationManager {
  private static final Set<String> ENOUGH = Set.of(Scope.READ.text(), Scope.ADMIN.text());

  private final ApiKeys keys;

  ConsoleKeys(List<ApiProperties.Key> keys) {
    this.keys = new ApiKeys(keys, null);
  }

  @Override
  public Authentication authenticate(Authentication shown) {
    Authentication known = keys.authenticate(shown);
    if (known.getAuthorities().stream().noneMatch(scope -> ENOUGH.contains(scope.getAuthority()))) {
      throw new BadCredentialsException(
          "The key is for publishing; the console needs one with the scope read or admin.");
    }
    return known;
  }
}

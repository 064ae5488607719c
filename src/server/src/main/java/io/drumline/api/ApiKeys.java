package io.drumline.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.api.ApiProperties.Scope;
import io.drumline.security.Identity;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.web.authentication.preauth.PreAuthenticatedAuthenticationToken;

/** Authenticates a key or token, and grants its scopes. Called on the request's thread. */
final class ApiKeys implements AuthenticationManager {
  /** A known key: its owner's name, and its hash. */
  @SuppressWarnings("ArrayRecordComponent") // compared in constant time only
  private record Known(String name, byte[] hash, List<GrantedAuthority> scopes) {}

  private final List<Known> keys;
  private final @Nullable ApiTokens tokens;

  /**
   * @param tokens checks tokens; null if only keys are accepted
   */
  ApiKeys(List<ApiProperties.Key> keys, @Nullable ApiTokens tokens) {
    this.keys = keys.stream().map(ApiKeys::known).toList();
    this.tokens = tokens;
  }

  private static Known known(ApiProperties.Key key) {
    return new Known(
        key.name(),
        HexFormat.of().parseHex(key.hash().substring("sha256:".length())),
        authorities(key.scopes().stream().map(Scope::text).toList()));
  }

  private static List<GrantedAuthority> authorities(Collection<String> scopes) {
    return scopes.stream().<GrantedAuthority>map(SimpleGrantedAuthority::new).toList();
  }

  @Override
  public Authentication authenticate(Authentication shown) {
    String key = String.valueOf(shown.getCredentials());
    byte[] hash = sha256(key);
    Known found = null;
    for (Known known : keys) { // always all, in constant time
      found = MessageDigest.isEqual(known.hash(), hash) ? known : found;
    }
    if (found != null) {
      return new PreAuthenticatedAuthenticationToken(found.name(), "", found.scopes());
    }
    if (tokens == null) {
      throw new BadCredentialsException("The API key is not right.");
    }
    Identity identity = tokens.identify(key);
    return new PreAuthenticatedAuthenticationToken(
        identity.name(), "", authorities(identity.scopes()));
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java has SHA-256", e);
    }
  }
}

package io.drumline.api;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.authentication.AuthenticationConverter;
import org.springframework.security.web.authentication.preauth.PreAuthenticatedAuthenticationToken;

/** Reads a key or token from {@code Authorization: Bearer …} or {@code X-API-Key}. */
final class ShownKey implements AuthenticationConverter {
  static final String HEADER = "X-API-Key";
  private static final String BEARER = "Bearer ";

  @Override
  public @Nullable Authentication convert(HttpServletRequest request) {
    String key = key(request);
    return key == null ? null : new PreAuthenticatedAuthenticationToken("", key);
  }

  private static @Nullable String key(HttpServletRequest request) {
    String authorization = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return authorization.substring(BEARER.length()).strip();
    }
    return request.getHeader(HEADER);
  }
}

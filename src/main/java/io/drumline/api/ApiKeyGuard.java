package io.drumline.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.servlet.HandlerInterceptor;

/** Lets a request pass that shows the key. */
final class ApiKeyGuard implements HandlerInterceptor {
  private static final String BEARER = "Bearer ";

  private final byte[] key;

  ApiKeyGuard(String key) {
    this.key = key.getBytes(UTF_8);
  }

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    String shown = shownKey(request);
    // isEqual takes the same time wherever the first difference is.
    if (shown != null && MessageDigest.isEqual(key, shown.getBytes(UTF_8))) {
      return true;
    }
    ErrorResponseException refusal =
        Problems.of(
            HttpStatus.UNAUTHORIZED,
            shown == null
                ? "The API needs a key: send it as Authorization: Bearer <key>, or as X-API-Key."
                : "The API key is not right.");
    refusal.getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"drumline\"");
    throw refusal;
  }

  private static @Nullable String shownKey(HttpServletRequest request) {
    String authorization = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return authorization.substring(BEARER.length()).strip();
    }
    return request.getHeader("X-API-Key");
  }
}

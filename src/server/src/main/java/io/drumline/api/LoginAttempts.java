package io.drumline.api;

import io.drumline.security.SharedTokenBucket;
import io.drumline.security.TokenBucket.Rate;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Limits each address to five attempts to log in, and then one in ten seconds. Successful attempts
 * count too, so that the answer reveals nothing. Any thread.
 */
final class LoginAttempts extends OncePerRequestFilter {
  private static final int SECONDS = 10;
  private static final int AT_ONCE = 5;
  private static final Rate RATE = new Rate(1, AT_ONCE * SECONDS);

  /** The number of addresses kept; beyond it, the least recently used is dropped. */
  private static final int REMEMBERED = 10_000;

  private final String path;
  private final ControlPlaneRules rules;

  private final Map<String, SharedTokenBucket> buckets =
      new LinkedHashMap<>(16, .75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, SharedTokenBucket> eldest) {
          return size() > REMEMBERED;
        }
      };

  LoginAttempts(String path, ControlPlaneRules rules) {
    this.path = path;
    this.rules = rules;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !request.getMethod().equals("POST") || !request.getServletPath().equals(path);
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    long now = System.nanoTime();
    if (bucketOf(request.getRemoteAddr(), now).tryTake(SECONDS, now)) {
      chain.doFilter(request, response);
    } else {
      rules.slowDown(request, response, SECONDS);
    }
  }

  private SharedTokenBucket bucketOf(String address, long now) {
    synchronized (buckets) {
      return buckets.computeIfAbsent(address, unknown -> new SharedTokenBucket(RATE, now));
    }
  }
}

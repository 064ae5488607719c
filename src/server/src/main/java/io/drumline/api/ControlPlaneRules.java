package io.drumline.api;

import io.drumline.api.ApiProperties.Scope;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authorization.AuthorityAuthorizationManager;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.annotation.web.configurers.AuthorizeHttpRequestsConfigurer;
import org.springframework.security.config.annotation.web.configurers.HeadersConfigurer;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;
import org.springframework.security.web.csrf.CsrfException;
import org.springframework.security.web.header.writers.CrossOriginOpenerPolicyHeaderWriter.CrossOriginOpenerPolicy;
import org.springframework.security.web.header.writers.CrossOriginResourcePolicyHeaderWriter.CrossOriginResourcePolicy;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Authorizes requests to the control plane, for all ways to authenticate: health and the pages are
 * public, the API needs the right scope, and all else needs {@code admin}. Any thread.
 */
final class ControlPlaneRules {
  private static final String[] PAGES = {
    "/",
    "/index.html",
    "/chat/**",
    "/webjars/**",
    "/favicon.ico",
    "/error",
    "/console",
    "/console/",
    "/console/*.html",
    "/console/*.js",
    "/console/*.css",
    "/console/session"
  };

  /** The content policy: only what the pages need. The chat connects to another port. */
  private static final String CONTENT =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
          + " connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

  private final ControlPlaneAccess access;
  private final boolean openMetrics;
  private final HandlerExceptionResolver answers;

  ControlPlaneRules(
      ControlPlaneAccess access, boolean openMetrics, HandlerExceptionResolver answers) {
    this.access = access;
    this.openMetrics = openMetrics;
    this.answers = answers;
  }

  /** Applies these rules to a filter chain, which does the authentication. */
  HttpSecurity apply(HttpSecurity http) throws Exception {
    String needed =
        access.keyed()
            ? "The API needs a key: send it as Authorization: Bearer <key>, or as X-API-Key."
            : "The API is closed: set drumline.api.keys on the node.";
    return http.requestCache(AbstractHttpConfigurer::disable)
        .headers(ControlPlaneRules::headers)
        .exceptionHandling(
            refusals ->
                refusals
                    .authenticationEntryPoint(
                        (request, response, none) -> {
                          if (access.open() && isFromForeignPage(request)) {
                            forbid(request, response, none);
                          } else {
                            refuse(request, response, needed);
                          }
                        })
                    .accessDeniedHandler(this::forbid))
        .authorizeHttpRequests(this::authorize);
  }

  private static void headers(HeadersConfigurer<HttpSecurity> headers) {
    headers
        .contentSecurityPolicy(policy -> policy.policyDirectives(CONTENT))
        .referrerPolicy(noReferrer -> {})
        .crossOriginOpenerPolicy(policy -> policy.policy(CrossOriginOpenerPolicy.SAME_ORIGIN))
        .crossOriginResourcePolicy(policy -> policy.policy(CrossOriginResourcePolicy.SAME_ORIGIN));
  }

  private void authorize(
      AuthorizeHttpRequestsConfigurer<HttpSecurity>.AuthorizationManagerRequestMatcherRegistry
          requests) {
    boolean open = access.open();
    requests
        // the second dispatch of a request that was authorized before
        .dispatcherTypeMatchers(DispatcherType.ASYNC, DispatcherType.ERROR)
        .permitAll()
        .requestMatchers(EndpointRequest.to("health"))
        .permitAll()
        .requestMatchers(EndpointRequest.to("prometheus"))
        .access(scope(Scope.READ, openMetrics || open))
        .requestMatchers(EndpointRequest.to("drain").withHttpMethod(HttpMethod.GET))
        .access(scope(Scope.READ, open))
        .requestMatchers(EndpointRequest.to("drain"))
        .access(scope(Scope.ADMIN, open))
        .requestMatchers(EndpointRequest.toAnyEndpoint())
        .access(scope(Scope.ADMIN, false))
        .requestMatchers(HttpMethod.GET, PAGES)
        .permitAll()
        .requestMatchers(HttpMethod.POST, "/api/v1/publish")
        .access(scope(Scope.PUBLISH, open))
        .requestMatchers("/api/v1/revocations/**")
        .access(scope(Scope.ADMIN, open))
        .requestMatchers(HttpMethod.GET, "/api/**", "/console/node")
        .access(scope(Scope.READ, open))
        .anyRequest()
        .access(scope(Scope.ADMIN, open));
  }

  private static AuthorizationManager<RequestAuthorizationContext> scope(
      Scope scope, boolean open) {
    return open
        ? ControlPlaneRules::fromNoForeignPage
        : AuthorityAuthorizationManager.hasAnyAuthority(
            EnumSet.of(scope, Scope.ADMIN).stream().map(Scope::text).toArray(String[]::new));
  }

  /**
   * If no key is needed, pages of other sites must be kept from changing things through their
   * visitors' browsers.
   */
  private static AuthorizationDecision fromNoForeignPage(
      Supplier<? extends @Nullable Authentication> who, RequestAuthorizationContext context) {
    return new AuthorizationDecision(!isFromForeignPage(context.getRequest()));
  }

  /** Browsers send Origin with every request that may change something. */
  private static boolean isFromForeignPage(HttpServletRequest request) {
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    return !SAFE.contains(request.getMethod())
        && origin != null
        && !isOf(origin, request.getHeader(HttpHeaders.HOST));
  }

  private static boolean isOf(String origin, @Nullable String host) {
    try {
      return host != null && host.equalsIgnoreCase(URI.create(origin).getRawAuthority());
    } catch (IllegalArgumentException noOrigin) {
      return false;
    }
  }

  /** Answers 401; or 503 if the caller's token could not be checked. */
  void refuse(
      HttpServletRequest request, HttpServletResponse response, AuthenticationException why) {
    if (why instanceof AuthenticationServiceException) {
      answers.resolveException(
          request,
          response,
          null,
          Problems.of(HttpStatus.SERVICE_UNAVAILABLE, String.valueOf(why.getMessage())));
    } else {
      refuse(request, response, why.getMessage());
    }
  }

  /** Answers 401. */
  void refuse(HttpServletRequest request, HttpServletResponse response, @Nullable String sentence) {
    ErrorResponseException refusal = Problems.of(HttpStatus.UNAUTHORIZED, String.valueOf(sentence));
    refusal.getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"drumline\"");
    answers.resolveException(request, response, null, refusal);
  }

  /** Answers 429. */
  void slowDown(HttpServletRequest request, HttpServletResponse response, int seconds) {
    ErrorResponseException refusal =
        Problems.of(
            HttpStatus.TOO_MANY_REQUESTS, "Too many attempts to log in; wait a little while.");
    refusal.getHeaders().set(HttpHeaders.RETRY_AFTER, Integer.toString(seconds));
    answers.resolveException(request, response, null, refusal);
  }

  /** Answers 403. */
  private void forbid(
      HttpServletRequest request, HttpServletResponse response, RuntimeException denied) {
    String sentence = "The key does not have the scope for this.";
    if (denied instanceof CsrfException) {
      sentence = "The request does not carry the token of the console's page.";
    } else if (access.open() && isFromForeignPage(request)) {
      sentence = "Pages of other sites may not do this.";
    }
    answers.resolveException(request, response, null, Problems.of(HttpStatus.FORBIDDEN, sentence));
  }
}

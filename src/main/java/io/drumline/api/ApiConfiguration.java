package io.drumline.api;

import io.drumline.api.ApiProperties.Scope;
import io.drumline.security.Authenticator;
import io.drumline.security.WrongSettingException;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authorization.AuthorityAuthorizationManager;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;
import org.springframework.security.web.authentication.AuthenticationFilter;
import org.springframework.security.web.authentication.www.BasicAuthenticationFilter;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Who may do what on the control plane: health and the chat page are everybody's, the API needs a
 * key or token with the right scope, and all else needs {@code admin}. There are no sessions and no
 * cookies, so nothing that a foreign page could use.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ApiProperties.class)
class ApiConfiguration {
  private static final String[] PAGE = {
    "/", "/index.html", "/chat/**", "/webjars/**", "/favicon.ico", "/error"
  };

  /** Also keeps Spring Boot from making up a user and logging a password. */
  @Bean
  AuthenticationManager apiKeys(ApiProperties properties, ObjectProvider<Authenticator> all) {
    Authenticator tokens = properties.tokens() ? all.getObject() : null;
    if (tokens != null && !tokens.takesTokens()) {
      throw new WrongSettingException("drumline.api.tokens needs drumline.security.jwt.");
    }
    return new ApiKeys(properties.keys(), tokens);
  }

  @Bean
  SecurityFilterChain controlPlane(
      HttpSecurity http,
      ApiProperties properties,
      AuthenticationManager apiKeys,
      Environment environment,
      @Qualifier("handlerExceptionResolver") HandlerExceptionResolver answers)
      throws Exception {
    boolean keyed = !properties.keys().isEmpty() || properties.tokens();
    boolean open = open(properties, keyed, environment);
    if (keyed) {
      AuthenticationFilter filter = new AuthenticationFilter(apiKeys, new ShownKey());
      filter.setSuccessHandler((request, response, who) -> {});
      filter.setFailureHandler(
          (request, response, wrong) -> refuse(answers, request, response, wrong.getMessage()));
      http.addFilterBefore(filter, BasicAuthenticationFilter.class);
    }
    String needed =
        keyed
            ? "The API needs a key: send it as Authorization: Bearer <key>, or as X-API-Key."
            : "The API is closed: set drumline.api.keys on the node.";
    return http.authenticationManager(apiKeys)
        .csrf(AbstractHttpConfigurer::disable) // there are no cookies to ride on
        .logout(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .sessionManagement(
            sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .headers(
            headers ->
                headers
                    .contentSecurityPolicy(csp -> csp.policyDirectives("frame-ancestors 'none'"))
                    .referrerPolicy(referrer -> {}))
        .exceptionHandling(
            refusals ->
                refusals
                    .authenticationEntryPoint(
                        (request, response, none) -> refuse(answers, request, response, needed))
                    .accessDeniedHandler(
                        (request, response, denied) -> forbid(answers, request, response)))
        .authorizeHttpRequests(
            requests ->
                requests
                    // the second half of a request that was let in before
                    .dispatcherTypeMatchers(DispatcherType.ASYNC, DispatcherType.ERROR)
                    .permitAll()
                    .requestMatchers(EndpointRequest.to("health"))
                    .permitAll()
                    .requestMatchers(EndpointRequest.to("prometheus"))
                    .access(scope(Scope.READ, properties.openMetrics() || open))
                    .requestMatchers(EndpointRequest.toAnyEndpoint())
                    .access(scope(Scope.ADMIN, false))
                    .requestMatchers(HttpMethod.GET, PAGE)
                    .permitAll()
                    .requestMatchers(HttpMethod.POST, "/api/v1/publish")
                    .access(scope(Scope.PUBLISH, open))
                    .requestMatchers(HttpMethod.GET, "/api/**")
                    .access(scope(Scope.READ, open))
                    .anyRequest()
                    .access(scope(Scope.ADMIN, open)))
        .build();
  }

  /** A node by itself is somebody's first try; a cluster is meant to be found by others. */
  private static boolean open(ApiProperties properties, boolean keyed, Environment environment) {
    Boolean set = properties.anonymous();
    boolean alone =
        "memory".equalsIgnoreCase(environment.getProperty("drumline.backplane", "memory"));
    return set != null ? set : alone && !keyed;
  }

  private static AuthorizationManager<RequestAuthorizationContext> scope(
      Scope scope, boolean open) {
    return open
        ? (who, request) -> new AuthorizationDecision(true)
        : AuthorityAuthorizationManager.hasAnyAuthority(
            EnumSet.of(scope, Scope.ADMIN).stream().map(Scope::text).toArray(String[]::new));
  }

  private static void refuse(
      HandlerExceptionResolver answers,
      HttpServletRequest request,
      HttpServletResponse response,
      @Nullable String sentence) {
    ErrorResponseException refusal = Problems.of(HttpStatus.UNAUTHORIZED, String.valueOf(sentence));
    refusal.getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"drumline\"");
    answers.resolveException(request, response, null, refusal);
  }

  private static void forbid(
      HandlerExceptionResolver answers, HttpServletRequest request, HttpServletResponse response) {
    answers.resolveException(
        request,
        response,
        null,
        Problems.of(HttpStatus.FORBIDDEN, "The key does not have the scope for this."));
  }
}

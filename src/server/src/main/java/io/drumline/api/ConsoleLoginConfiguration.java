package io.drumline.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.UsernamePasswordAuthenticationFilter;
import org.springframework.security.web.csrf.CookieCsrfTokenRepository;

/**
 * Secures the control plane for browsers: the console's login sends a key once, then a session
 * cookie is used. A request that changes something must also carry the page's CSRF token, which
 * pages of other sites do not know. Requests that carry a key themselves are handled by {@link
 * ApiConfiguration}.
 */
@Configuration(proxyBeanMethods = false)
class ConsoleLoginConfiguration {
  private static final Logger log = LoggerFactory.getLogger(ConsoleLoginConfiguration.class);
  private static final String LOGIN = "/console/login";

  @Bean("drumline.console")
  @Order(1)
  SecurityFilterChain console(HttpSecurity http, ApiProperties properties, ControlPlaneRules rules)
      throws Exception {
    CookieCsrfTokenRepository tokens = CookieCsrfTokenRepository.withHttpOnlyFalse();
    tokens.setCookieName("drumline-csrf");
    tokens.setCookieCustomizer(cookie -> cookie.sameSite("Strict"));
    return rules
        .apply(http)
        .securityMatcher(ConsoleLoginConfiguration::comesFromTheConsole)
        .authenticationManager(new ConsoleKeys(properties.keys()))
        .csrf(csrf -> csrf.spa().csrfTokenRepository(tokens))
        .addFilterBefore(
            new LoginAttempts(LOGIN, rules), UsernamePasswordAuthenticationFilter.class)
        .formLogin(
            login ->
                login
                    .loginPage("/console/")
                    .loginProcessingUrl(LOGIN)
                    .passwordParameter("key")
                    .successHandler(
                        (request, response, who) -> {
                          log.info(
                              "{} logged in to the console from {}",
                              who.getName(),
                              request.getRemoteAddr());
                          response.setStatus(HttpServletResponse.SC_NO_CONTENT);
                        })
                    .failureHandler(
                        (request, response, wrong) -> {
                          log.warn(
                              "A login to the console from {} was refused",
                              request.getRemoteAddr());
                          rules.refuse(request, response, wrong.getMessage());
                        }))
        .logout(
            logout ->
                logout
                    .logoutUrl("/console/logout")
                    .logoutSuccessHandler(
                        (request, response, who) ->
                            response.setStatus(HttpServletResponse.SC_NO_CONTENT)))
        .build();
  }

  /** A key in the request takes precedence over a cookie. */
  private static boolean comesFromTheConsole(HttpServletRequest request) {
    if (request.getHeader(HttpHeaders.AUTHORIZATION) != null
        || request.getHeader(ShownKey.HEADER) != null) {
      return false;
    }
    return request.getRequestedSessionId() != null
        || request.getServletPath().startsWith("/console");
  }
}

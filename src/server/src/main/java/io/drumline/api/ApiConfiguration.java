package io.drumline.api;

import io.drumline.backplane.Revocations;
import io.drumline.security.Authenticator;
import io.drumline.security.SecurityProperties;
import io.drumline.security.WrongSettingException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.AuthenticationFilter;
import org.springframework.security.web.authentication.www.BasicAuthenticationFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Secures the control plane for callers that send a key or a token with each request. It has no
 * sessions and no cookies, so other sites' pages cannot use a visitor's login; requests with the
 * console's cookie are handled by {@link ConsoleLoginConfiguration}.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ApiProperties.class)
class ApiConfiguration {

  /** Also keeps Spring Boot from creating a user and logging its password. */
  @Bean("drumline.apiKeys")
  AuthenticationManager apiKeys(
      ApiProperties properties,
      ObjectProvider<Authenticator> all,
      ObjectProvider<Revocations> revocations) {
    Authenticator tokens = properties.tokens() ? all.getObject() : null;
    if (tokens != null && !tokens.takesTokens()) {
      throw new WrongSettingException("drumline.api.tokens needs drumline.security.jwt.");
    }
    return new ApiKeys(
        properties.keys(), tokens == null ? null : new ApiTokens(tokens, revocations.getObject()));
  }

  @Bean("drumline.controlPlaneAccess")
  ControlPlaneAccess controlPlaneAccess(ApiProperties properties, Environment environment) {
    boolean keyed = !properties.keys().isEmpty() || properties.tokens();
    return new ControlPlaneAccess(open(properties, keyed, environment), keyed);
  }

  @Bean("drumline.openApiWarning")
  OpenApiWarning openApiWarning(
      ApiProperties properties,
      ControlPlaneAccess access,
      ObjectProvider<SecurityProperties> security) {
    return new OpenApiWarning(properties, access, security);
  }

  @Bean("drumline.controlPlaneRules")
  ControlPlaneRules controlPlaneRules(
      ApiProperties properties,
      ControlPlaneAccess access,
      @Qualifier("handlerExceptionResolver") HandlerExceptionResolver answers) {
    return new ControlPlaneRules(access, properties.openMetrics(), answers);
  }

  @Bean("drumline.controlPlane")
  SecurityFilterChain controlPlane(
      HttpSecurity http,
      ControlPlaneAccess access,
      ControlPlaneRules rules,
      AuthenticationManager apiKeys)
      throws Exception {
    if (access.keyed()) {
      AuthenticationFilter filter = new AuthenticationFilter(apiKeys, new ShownKey());
      filter.setSuccessHandler((request, response, who) -> {});
      filter.setFailureHandler(
          (request, response, wrong) -> rules.refuse(request, response, wrong));
      http.addFilterBefore(filter, BasicAuthenticationFilter.class);
    }
    return rules
        .apply(http)
        .authenticationManager(apiKeys)
        .csrf(AbstractHttpConfigurer::disable) // without cookies, there is nothing to forge
        .logout(AbstractHttpConfigurer::disable)
        .sessionManagement(
            sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .build();
  }

  /** The API is open by default only on a single node without keys, for a first try. */
  private static boolean open(ApiProperties properties, boolean keyed, Environment environment) {
    Boolean set = properties.anonymous();
    boolean alone =
        "memory".equalsIgnoreCase(environment.getProperty("drumline.backplane", "memory"));
    return set != null ? set : alone && !keyed;
  }
}

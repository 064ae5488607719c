package io.drumline.security;

import io.drumline.security.Authenticator.Anonymous;
import io.micrometer.core.instrument.MeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(SecurityProperties.class)
class SecurityConfiguration {
  private static final Logger log = LoggerFactory.getLogger(SecurityConfiguration.class);

  @Bean(name = "drumline.authenticator", initMethod = "prefetch", destroyMethod = "close")
  Authenticator authenticator(
      SecurityProperties properties, Environment environment, MeterRegistry registry) {
    return new Authenticator(properties, anonymous(properties, environment), registry);
  }

  /**
   * Anonymous clients are allowed by default only on a single node without authentication, for a
   * first try.
   */
  private static Anonymous anonymous(SecurityProperties properties, Environment environment) {
    Boolean set = properties.anonymous();
    boolean alone =
        "memory".equalsIgnoreCase(environment.getProperty("drumline.backplane", "memory"));
    boolean allowed = set != null ? set : alone && !properties.authentication();
    return allowed ? Anonymous.ALLOWED : Anonymous.REFUSED;
  }

  @Bean("drumline.destinationPolicy")
  DestinationPolicy destinationPolicy(SecurityProperties properties) {
    return new DestinationPolicy(properties);
  }

  @Bean("drumline.limits")
  Limits limits(MeterRegistry registry) {
    return new Limits(registry);
  }

  @Bean("drumline.originPolicy")
  OriginPolicy originPolicy(SecurityProperties properties) {
    OriginPolicy policy = new OriginPolicy(properties.allowedOrigins());
    policy.warnings().forEach(log::warn);
    return policy;
  }
}

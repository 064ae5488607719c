package io.drumline.tracing;

import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TracingProperties.class)
class TracingConfiguration {

  @Bean
  @ConditionalOnBooleanProperty("drumline.tracing.enabled")
  Spans spans(Tracer tracer, Propagator propagator, TracingProperties properties) {
    return new Spans(tracer, propagator, properties.acceptClients());
  }
}

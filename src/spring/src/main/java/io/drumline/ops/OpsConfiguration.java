package io.drumline.ops;

import io.drumline.hub.Hub;
import io.drumline.session.Nodes;
import io.drumline.session.SharedSessions;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({DrainProperties.class, RebalanceProperties.class})
class OpsConfiguration {

  @Bean("drumline.drain")
  Drain drain(
      Hub hub,
      SharedSessions sessions,
      Nodes nodes,
      DrainProperties properties,
      ApplicationEventPublisher events,
      MeterRegistry registry) {
    return new Drain(hub, sessions, nodes, properties, events, registry);
  }
}

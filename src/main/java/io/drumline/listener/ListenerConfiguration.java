package io.drumline.listener;

import io.drumline.hub.EventLoops;
import io.drumline.hub.Hub;
import io.drumline.stomp.StompSessions;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ListenerProperties.class)
class ListenerConfiguration {
  /**
   * Where the rest of the application finds the bound port, as {@code local.server.port} is Spring
   * Boot's.
   */
  private static final String PORT_PROPERTY = "local.drumline.listener.port";

  @Bean
  Listener listener(
      ListenerProperties properties,
      EventLoops loops,
      Hub hub,
      StompSessions sessions,
      MeterRegistry registry,
      ConfigurableEnvironment environment) {
    Sockets sockets = new Sockets(properties, hub, sessions, registry);
    return new Listener(properties, loops, sockets, port -> publish(environment, port));
  }

  private static void publish(ConfigurableEnvironment environment, int port) {
    Map<String, Object> ports = Map.of(PORT_PROPERTY, port);
    environment.getPropertySources().addFirst(new MapPropertySource(PORT_PROPERTY, ports));
  }
}

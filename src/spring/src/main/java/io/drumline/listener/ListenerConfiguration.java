package io.drumline.listener;

import io.drumline.hub.EventLoops;
import io.drumline.hub.Hub;
import io.drumline.loop.Watchdog;
import io.drumline.security.Limits;
import io.drumline.security.OriginPolicy;
import io.drumline.stomp.StompSessions;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ListenerProperties.class)
class ListenerConfiguration {
  /** The property with the bound port, as {@code local.server.port} is Spring Boot's. */
  private static final String PORT_PROPERTY = "local.drumline.listener.port";

  @Bean("drumline.listenerGate")
  Gate listenerGate(
      ListenerProperties properties,
      OriginPolicy origins,
      StompSessions sessions,
      Watchdog watchdog,
      MeterRegistry registry) {
    return new Gate(properties, origins, () -> watchdog.live() && sessions.accepting(), registry);
  }

  @Bean("drumline.handshakes")
  Handshakes handshakes(ListenerProperties properties, EventLoops loops, MeterRegistry registry) {
    return new Handshakes(properties.maxHandshakes(), loops, registry);
  }

  @Bean("drumline.sockets")
  Sockets sockets(
      ListenerProperties properties,
      Hub hub,
      StompSessions sessions,
      Limits limits,
      MeterRegistry registry) {
    return new Sockets(
        properties,
        hub,
        sessions,
        limits,
        new InflateContexts(properties.compressionMemory(), registry));
  }

  @Bean("drumline.listenerPipeline")
  Pipeline listenerPipeline(
      ListenerProperties properties,
      Gate gate,
      Sockets sockets,
      Handshakes handshakes,
      SslBundles bundles) {
    String bundle = properties.sslBundle();
    Tls tls = bundle == null ? null : new Tls(bundle, bundles, properties.handshakeTimeout());
    return new Pipeline(properties, gate, sockets, handshakes, tls);
  }

  @Bean("drumline.listener")
  Listener listener(
      ListenerProperties properties,
      EventLoops loops,
      Pipeline pipeline,
      ConfigurableEnvironment environment) {
    return new Listener(properties, loops, pipeline, port -> publish(environment, port));
  }

  private static void publish(ConfigurableEnvironment environment, int port) {
    Map<String, Object> ports = Map.of(PORT_PROPERTY, port);
    environment.getPropertySources().addFirst(new MapPropertySource(PORT_PROPERTY, ports));
  }
}

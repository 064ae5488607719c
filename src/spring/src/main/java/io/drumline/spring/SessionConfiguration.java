package io.drumline.spring;

import io.drumline.backplane.SessionStore;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.Periodic;
import io.drumline.session.Nodes;
import io.drumline.session.SharedSessions;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(SessionProperties.class)
class SessionConfiguration {

  /** Closed by the node's life cycle, between its clients and the backplane. */
  @Bean(name = "drumline.sharedSessions", destroyMethod = "")
  SharedSessions sharedSessions(
      SessionStore store,
      SessionProperties properties,
      Nodes nodes,
      MeterRegistry registry,
      NodeTimer timer,
      Periodic periodic) {
    SharedSessions sessions =
        new SharedSessions(
            store, properties.settings(), registry, timer, periodic.guard("session_positions"));
    // A store that lost the node's lease has also lost its sessions' positions.
    nodes.listen(loss -> sessions.restore());
    return sessions;
  }
}

package io.drumline.ops;

import io.drumline.hub.EventLoops;
import io.drumline.message.NodeId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** One line that says which node this is and where it listens. */
@Component
final class StartupLog {
  private static final Logger log = LoggerFactory.getLogger(StartupLog.class);

  private final NodeId node;
  private final EventLoops loops;

  StartupLog(NodeId node, EventLoops loops) {
    this.node = node;
    this.loops = loops;
  }

  @EventListener
  void ready(ApplicationReadyEvent event) {
    Environment environment = event.getApplicationContext().getEnvironment();
    log.info(
        "Drumline node {}: clients on port {}, control plane on port {}, backplane {}, {} transport",
        node.value(),
        environment.getProperty("local.drumline.listener.port"),
        environment.getProperty("local.server.port"),
        environment.getProperty("drumline.backplane", "memory"),
        loops.transport());
  }
}

package io.drumline.ops;

import io.drumline.hub.EventLoops;
import io.drumline.message.NodeId;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** The last lines of a start: which node this is, where it listens, and what to open. */
@Component
final class StartupLog {
  private static final Logger log = LoggerFactory.getLogger(StartupLog.class);

  /** Where Redis is; the first element of those that are lists. */
  private static final List<String> REDIS =
      List.of(
          "spring.data.redis.url",
          "spring.data.redis.host",
          "spring.data.redis.sentinel.master",
          "spring.data.redis.sentinel.nodes",
          "spring.data.redis.sentinel.nodes[0]",
          "spring.data.redis.cluster.nodes",
          "spring.data.redis.cluster.nodes[0]");

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
        "Drumline node {}: clients on port {}, control plane on port {}, backplane {}, {}"
            + " transport",
        node.value(),
        environment.getProperty("local.drumline.listener.port"),
        environment.getProperty("local.server.port"),
        environment.getProperty("drumline.backplane", "memory"),
        loops.transport());
    if (!environment.containsProperty("drumline.backplane")) {
      warnOfRedis(environment);
    }
    String control = environment.getProperty("local.server.port");
    if (control != null) {
      String at = base(environment, control);
      log.info("Ready. Open {} for the chat, {}console/ for the console", at, at);
    }
  }

  /** As a browser on this host reaches the control plane. */
  private static String base(Environment environment, String port) {
    String scheme =
        environment.containsProperty("server.ssl.bundle")
                || environment.containsProperty("server.ssl.key-store")
                || environment.containsProperty("server.ssl.certificate")
            ? "https"
            : "http";
    String address = environment.getProperty("server.address", "localhost");
    boolean all = address.equals("0.0.0.0") || address.equals("::");
    String host = all ? "localhost" : address.contains(":") ? '[' + address + ']' : address;
    String path = environment.getProperty("server.servlet.context-path", "");
    return scheme + "://" + host + ':' + port + (path.equals("/") ? "" : path) + '/';
  }

  /** Somebody has set where Redis is, and nothing uses it. */
  private static void warnOfRedis(Environment environment) {
    REDIS.stream()
        .filter(environment::containsProperty)
        .findFirst()
        .ifPresent(
            property ->
                log.warn(
                    "{} is set, but drumline.backplane is not: this node is alone and does not use"
                        + " Redis. Set drumline.backplane=redis to join a cluster, or"
                        + " drumline.backplane=memory if that is meant",
                    property));
  }
}

package io.drumline.process;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.BackplaneStatus;
import io.drumline.backplane.BackplaneStatus.State;
import io.drumline.hub.EventLoops;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.Periodic;
import io.drumline.loop.TaskGuard;
import io.drumline.message.NodeId;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** The last log lines of a start: the node's name, its ports, and the URLs to open. */
@Component
final class StartupLog {
  private static final Logger log = LoggerFactory.getLogger(StartupLog.class);

  /** The settings of Redis' address; for lists, also the first element. */
  private static final List<String> REDIS =
      List.of(
          "spring.data.redis.url",
          "spring.data.redis.host",
          "spring.data.redis.sentinel.master",
          "spring.data.redis.sentinel.nodes",
          "spring.data.redis.sentinel.nodes[0]",
          "spring.data.redis.cluster.nodes",
          "spring.data.redis.cluster.nodes[0]");

  /** Time for a Redis that starts at the same time. */
  private static final Duration SOON = Duration.ofSeconds(5);

  private static final Duration EVERY = Duration.ofMillis(100);

  private final NodeId node;
  private final EventLoops loops;
  private final Backplane backplane;
  private final NodeTimer timer;
  private final TaskGuard guard;

  StartupLog(
      NodeId node, EventLoops loops, Backplane backplane, NodeTimer timer, Periodic periodic) {
    this.node = node;
    this.loops = loops;
    this.backplane = backplane;
    this.timer = timer;
    guard = periodic.guard("startup_log");
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
      long since = System.nanoTime();
      timer.now(guard, () -> look(at, Said.NOTHING, since));
    }
  }

  /** What was logged about readiness so far. */
  private enum Said {
    NOTHING,
    NOT_READY
  }

  /** Logs once that the node is ready, and before, if that takes longer, that it is not. */
  private void look(String at, Said said, long since) {
    BackplaneStatus status = backplane.status();
    if (status.state() != State.DOWN) {
      log.info("Ready. Open {} for the chat, {}console/ for the console", at, at);
      return;
    }
    Said next = said;
    if (said == Said.NOTHING && System.nanoTime() - since >= SOON.toNanos()) {
      next = Said.NOT_READY;
      log.warn(
          "Started, but not ready: {} Clients get 503 until that is over",
          status.problems().isEmpty()
              ? "the backplane is unavailable."
              : status.problems().get(0).sentence());
    }
    Said then = next;
    timer.after(EVERY, guard, () -> look(at, then, since));
  }

  /** The control plane's URL for a browser on this host. */
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

  /** Warns if Redis is configured but not used. */
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

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

  /** A Redis that starts at the same time has answered by then. */
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

  /** What the log says of readiness so far. */
  private enum Said {
    NOTHING,
    NOT_READY
  }

  /** Says once that clients are served, and before that, unless it is soon, that they are not. */
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

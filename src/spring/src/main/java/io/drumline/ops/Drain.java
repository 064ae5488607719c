package io.drumline.ops;

import io.drumline.hub.Hub;
import io.drumline.ops.DrainProgress.Stage;
import io.drumline.session.Nodes;
import io.drumline.session.SharedSessions;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationEventPublisher;

/**
 * Empties this node: it is said to be unready and takes no new clients, load balancers get a grace
 * to notice, then the sockets are closed one by one, the heaviest last, and what they leave in
 * their sessions is stored. The rest of the node works on meanwhile and afterwards. Thread safe.
 */
public final class Drain {

  /** What follows a drain. */
  public enum Then {
    /** The node stays up, empty, until it is told to serve again or to end. */
    STAY,
    /** The process ends; that cannot be taken back. */
    EXIT
  }

  private final Hub hub;
  private final SharedSessions sessions;
  private final Nodes nodes;
  private final DrainProperties properties;
  private final ApplicationEventPublisher events;
  private final Counter closed;
  private @Nullable DrainRun run;
  private Then then = Then.STAY;

  Drain(
      Hub hub,
      SharedSessions sessions,
      Nodes nodes,
      DrainProperties properties,
      ApplicationEventPublisher events,
      MeterRegistry registry) {
    this.hub = hub;
    this.sessions = sessions;
    this.nodes = nodes;
    this.properties = properties;
    this.events = events;
    closed =
        Counter.builder("drumline.drain.closed")
            .description("WebSockets closed because the node drains")
            .register(registry);
    Gauge.builder("drumline.draining", hub, draining -> draining.draining() ? 1 : 0)
        .description("Whether the node drains, or has drained: 1, else 0")
        .register(registry);
  }

  /** Begins to drain, unless it does; completes when no client is left. */
  public synchronized CompletableFuture<Void> begin(Then next) {
    if (next == Then.EXIT) {
      then = next;
    }
    DrainRun current = run;
    if (current == null) {
      current = new DrainRun(hub, sessions, properties, closed);
      run = current;
      refuse();
      current.start();
    }
    return current.done();
  }

  private void refuse() {
    hub.draining(true);
    AvailabilityChangeEvent.publish(events, this, ReadinessState.REFUSING_TRAFFIC);
    nodes.draining(true);
  }

  /** Closes what is left at once, if it drains. */
  public synchronized void hurry() {
    if (run != null) {
      run.hurry();
    }
  }

  /** Serves again, unless the process is about to end; returns whether it does. */
  public synchronized boolean cancel() {
    if (then == Then.EXIT) {
      return false;
    }
    if (run != null) {
      run.cancel();
      run = null;
      nodes.draining(false);
      hub.draining(false);
      AvailabilityChangeEvent.publish(events, this, ReadinessState.ACCEPTING_TRAFFIC);
    }
    return true;
  }

  public synchronized DrainProgress progress() {
    return run == null
        ? new DrainProgress(Stage.SERVING, hub.connectionCount(), 0, 0)
        : run.progress();
  }
}

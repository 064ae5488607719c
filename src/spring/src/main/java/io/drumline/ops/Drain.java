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
 * Drains this node: it becomes unready and accepts no new clients, load balancers get a grace
 * period to notice, then connections are closed at an even rate, the heaviest last, and the
 * positions of their sessions are stored. The rest of the node keeps working, also afterwards.
 * Thread-safe.
 */
public final class Drain {

  /** What follows a drain. */
  public enum Then {
    /** The node stays up without clients, until it is told to serve again or to stop. */
    STAY,
    /** The process exits; this cannot be cancelled. */
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

  /**
   * Starts to drain, unless the node is draining already. The future completes on the drain's
   * thread: when no client is left (or the last ones do not answer the close), or when the drain is
   * cancelled; it fails if the drain fails.
   */
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

  /** Closes the remaining connections at once, if the node is draining. */
  public synchronized void hurry() {
    if (run != null) {
      run.hurry();
    }
  }

  /** Ends a drain, so that the node serves again; returns false if the process is about to exit. */
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

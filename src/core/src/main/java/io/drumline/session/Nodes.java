package io.drumline.session;

import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.NodeRegistry.Alive;
import io.drumline.backplane.NodeRegistry.NodeState;
import io.drumline.backplane.NodeRegistry.Renewal;
import io.drumline.backplane.NodeRun;
import io.drumline.loop.Periodic;
import io.drumline.loop.PeriodicTask;
import io.drumline.loop.TaskGuard;
import io.drumline.session.ClusterView.Member;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this node's lease and knows the other nodes: each renewal returns the nodes alive.
 *
 * <p>Thread safe. A separate thread ({@code drumline-nodes}) schedules renewals, calls the registry
 * and the listeners; it never blocks.
 */
public final class Nodes implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Nodes.class);
  private static final Duration GOODBYE = Duration.ofSeconds(1);

  /** Beats per renewal interval: a failed renewal is retried at the next beat. */
  private static final int BEATS = 3;

  private final NodeRegistry registry;
  private final LeaseSettings settings;
  private final BooleanSupplier available;
  private final IntSupplier connections;
  private final NodeMetrics metrics;
  private final Periodic periodic;
  private final TaskGuard guard;
  private final List<Consumer<LeaseLoss>> listeners = new CopyOnWriteArrayList<>();
  private volatile boolean draining;
  private volatile @Nullable Seen seen;
  private volatile @Nullable Keeper keeper;

  /** An answer of the registry, and when it was requested. */
  private record Seen(List<Alive> nodes, Instant when, long nanos) {}

  /**
   * @param available whether the backplane is available
   * @param connections the number of open client connections
   */
  public Nodes(
      NodeRegistry registry,
      LeaseSettings settings,
      BooleanSupplier available,
      IntSupplier connections,
      Periodic periodic,
      MeterRegistry meters) {
    this.registry = registry;
    this.settings = settings;
    this.available = available;
    this.connections = connections;
    this.periodic = periodic;
    guard = periodic.guard("node_lease");
    metrics = new NodeMetrics(meters, this::alive, this::ageSeconds);
  }

  /**
   * Adds a listener, called whenever this node has lost its lease and acquired a new one:
   * everything stored in the cluster under this node's incarnation must be stored again. Called on
   * this class's thread, in the order in which listeners were added; must not block.
   */
  public void listen(Consumer<LeaseLoss> listener) {
    listeners.add(listener);
  }

  /** Acquires a lease as soon as the registry can be reached, and keeps it; called once. */
  public void start(NodeRun self) {
    Keeper begun = new Keeper(self);
    keeper = begun;
    begun.start();
  }

  /** The nodes as of the last renewal; empty until the registry has answered once. */
  public Optional<ClusterView> view() {
    Seen seen = this.seen;
    Keeper keeper = this.keeper;
    if (seen == null || keeper == null) {
      return Optional.empty();
    }
    Duration age = Duration.ofNanos(System.nanoTime() - seen.nanos);
    List<Member> nodes =
        seen.nodes.stream()
            .map(
                node ->
                    new Member(
                        node.run(),
                        node.state(),
                        node.left().minus(age),
                        node.run().incarnation().equals(keeper.self.incarnation())))
            .sorted(
                Comparator.comparing((Member node) -> node.run().id())
                    .thenComparing(node -> node.run().incarnation()))
            .toList();
    return Optional.of(new ClusterView(seen.when, age, nodes));
  }

  /** How long a node counts as alive after its last renewal. */
  public Duration lease() {
    return settings.lease();
  }

  /** Sets whether this node is draining; other nodes see it with their next renewal. */
  public void draining(boolean draining) {
    this.draining = draining;
    Keeper keeper = this.keeper;
    if (keeper != null) {
      keeper.renewNow();
    }
  }

  /** Releases the lease, so that other nodes need not wait for its end; waits at most a second. */
  @Override
  public void close() {
    Keeper keeper = this.keeper;
    if (keeper != null) {
      keeper.leave();
    }
  }

  private int alive() {
    return view().map(ClusterView::alive).orElse(0);
  }

  private double ageSeconds() {
    Seen seen = this.seen;
    return seen == null ? Double.NaN : (System.nanoTime() - seen.nanos) / 1e9;
  }

  /** Keeps the lease of one run. Used on its thread, except start(), renewNow() and leave(). */
  private final class Keeper {
    private final NodeRun self;
    private final ScheduledThreadPoolExecutor thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread made = new Thread(task, "drumline-nodes");
              made.setDaemon(true);
              return made;
            });
    private final Lease lease =
        new Lease(
            settings.lease(), settings.renewal(), System.nanoTime(), System.currentTimeMillis());
    private boolean failing;
    private @Nullable PeriodicTask beats;

    Keeper(NodeRun self) {
      this.self = self;
    }

    void start() {
      run(this::beat);
      beats = periodic.every(thread, settings.renewal().dividedBy(BEATS), guard.task(), this::beat);
    }

    void renewNow() {
      run(
          () -> {
            lease.renewSoon(System.nanoTime());
            beat();
          });
    }

    private void beat() {
      long now = System.nanoTime();
      if (lease.beat(now, System.currentTimeMillis())) {
        Instant when = Instant.now();
        // Fails if the registry throws: a lease that waits for an answer is not renewed again.
        guard
            .stage(this::renew)
            .whenComplete((answer, failure) -> execute(() -> settle(answer, failure, when, now)));
      }
    }

    private void settle(
        @Nullable Renewal answer, @Nullable Throwable failure, Instant when, long sent) {
      if (!guard.run(() -> answered(answer, failure, when, sent))) {
        lease.failed(); // otherwise it would wait for this answer forever
      }
    }

    private CompletionStage<Renewal> renew() {
      return registry.renew(
          self, new NodeState(connections.getAsInt(), draining), settings.lease());
    }

    private void answered(
        @Nullable Renewal answer, @Nullable Throwable failure, Instant when, long sent) {
      if (answer == null) {
        failed(failure);
        if (lease.failed()) {
          beat();
        }
        return;
      }
      metrics.renewed.increment();
      failing = false;
      seen = new Seen(answer.nodes(), when, sent);
      LeaseLoss loss = lease.renewed(answer.held(), System.nanoTime());
      if (loss != null) {
        lost(loss);
      }
      beat(); // it may be due again
    }

    private void failed(@Nullable Throwable failure) {
      metrics.failed.increment();
      // A backplane that is unavailable from the start logs that itself.
      if (!failing && (seen != null || available.getAsBoolean())) {
        failing = true;
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        log.warn(
            "This node's lease was not renewed: {} It tries again every {} ms; without success for"
                + " {} s the other nodes count it as dead",
            cause == null ? "there was no answer." : cause.getMessage(),
            settings.renewal().dividedBy(BEATS).toMillis(),
            settings.lease().toSeconds());
      }
    }

    private void lost(LeaseLoss loss) {
      metrics.lost(loss);
      log.warn(
          switch (loss) {
            case LAPSED ->
                "This node's lease had ended, as it could not be renewed for longer than"
                    + " drumline.node.lease (see the lines before); it has another one now";
            case LOST -> "Redis had lost this node's lease; it has another one now";
            case STOOD_STILL -> "This node stood still for longer than its lease";
          });
      for (Consumer<LeaseLoss> listener : listeners) {
        try {
          listener.accept(loss);
        } catch (RuntimeException | Error e) {
          guard.failed(e); // the other listeners must still be called
        }
      }
    }

    void leave() {
      if (beats != null) {
        beats.cancel();
      }
      thread.shutdownNow();
      registry
          .leave(self)
          .toCompletableFuture()
          .completeOnTimeout(null, GOODBYE.toMillis(), TimeUnit.MILLISECONDS)
          .exceptionally(
              away -> {
                log.info("This node could not leave in order; its lease ends by itself");
                return null;
              })
          .join();
    }

    private void run(Runnable task) {
      execute(guard.guard(task));
    }

    private void execute(Runnable task) {
      try {
        thread.execute(task);
      } catch (RejectedExecutionException closed) {
        // the node is leaving
      }
    }
  }
}

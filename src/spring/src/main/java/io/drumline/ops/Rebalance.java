package io.drumline.ops;

import io.drumline.hub.Connection;
import io.drumline.hub.Hub;
import io.drumline.hub.Wheel;
import io.drumline.loop.Periodic;
import io.drumline.loop.PeriodicTask;
import io.drumline.message.CloseCode;
import io.drumline.session.ClusterView;
import io.drumline.session.Nodes;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Closes clients so that other nodes get their share: those beyond the mean of the cluster, a few a
 * second, on its own thread; and each at a certain age, on its event loop. Both are off by default,
 * and pause while this node drains.
 *
 * <p>Of clients beyond the mean, the oldest go first. So no client is moved twice before all were
 * moved once, even if round robin sends some back; load moves with numbers, heavy clients with
 * light ones; and clients that have stayed long tend to stay long, so that the balance lasts.
 */
@Component
final class Rebalance implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Rebalance.class);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final String TASK = "rebalance";
  private static final long LOOK_AGAIN_MILLIS = 10_000;
  private static final String REASON = "The load is spread anew: reconnect now.";

  private final Hub hub;
  private final Nodes nodes;
  private final RebalanceProperties properties;
  private final Share share;
  private final Effect effect;
  private final Periodic periodic;
  private final Counter mean;
  private final Counter age;
  private volatile @Nullable ScheduledThreadPoolExecutor thread;
  private @Nullable PeriodicTask looking;
  private boolean giving;
  private volatile boolean futile;
  private volatile boolean running;

  Rebalance(
      Hub hub,
      Nodes nodes,
      RebalanceProperties properties,
      Periodic periodic,
      MeterRegistry registry) {
    this.periodic = periodic;
    this.hub = hub;
    this.nodes = nodes;
    this.properties = properties;
    periodic.guard(TASK); // exports its metric from the start
    share = new Share(properties.tolerance(), properties.settle());
    effect = new Effect(properties.settle());
    mean = counter(registry, "mean");
    age = counter(registry, "age");
    Gauge.builder("drumline.rebalance.futile", this, rebalance -> rebalance.futile ? 1 : 0)
        .description("Whether rebalancing rests because the clients came back: 1, else 0")
        .register(registry);
  }

  private static Counter counter(MeterRegistry registry, String reason) {
    return Counter.builder("drumline.rebalance.closed")
        .description("WebSockets closed so that other nodes get their share, by reason")
        .tag("reason", reason)
        .register(registry);
  }

  @Override
  public void start() {
    Duration maxAge = properties.maxAge();
    if (maxAge != null) {
      Lifetimes lifetimes = new Lifetimes(maxAge, properties.jitter());
      hub.onConnect(connection -> age(connection, lifetimes.next()));
    }
    if (properties.enabled()) {
      share.sawNothing(System.nanoTime());
      thread =
          new ScheduledThreadPoolExecutor(
              1,
              task -> {
                Thread made = new Thread(task, "drumline-rebalance");
                made.setDaemon(true);
                return made;
              });
      looking = periodic.every(thread, Duration.ofSeconds(1), TASK, this::look);
    }
    running = true;
  }

  private void age(Connection connection, long millis) {
    connection
        .wheel()
        .after(
            Math.min(millis, Wheel.LOOK_IN_MILLIS),
            () -> {
              if (!connection.open()) {
                return 0;
              }
              long left =
                  millis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - connection.since());
              if (left > 0) {
                return Math.min(left, Wheel.LOOK_IN_MILLIS);
              }
              if (hub.draining()) {
                return LOOK_AGAIN_MILLIS; // the drain will close it, unless cancelled
              }
              give(connection, age);
              return 0;
            });
  }

  private static void give(Connection connection, Counter counter) {
    if (connection.open()) {
      connection.close(CloseCode.GOING_AWAY, REASON);
      counter.increment();
    }
  }

  private void look() {
    long now = System.nanoTime();
    Optional<ClusterView> view = nodes.view();
    if (hub.draining() || view.isEmpty() || isOld(view.get())) {
      share.sawNothing(now);
    } else {
      share.saw(view.get(), now);
    }
    if (!share.settled(now)) {
      effect.reset();
    }
    giveUpSome(now);
    futile = effect.futile();
  }

  private boolean isOld(ClusterView view) {
    return view.age().compareTo(nodes.lease().dividedBy(2)) > 0;
  }

  /** Closes the clients that are due in this second. */
  private void giveUpSome(long now) {
    boolean over = share.excess(hub.connectionCount(), now) > 0;
    List<Connection> open = over ? hub.openConnections().join() : List.of();
    int own = over ? open.size() : hub.connectionCount();
    int excess = over ? share.excess(own, now) : 0;
    double above = share.above(own);
    int allowed = effect.allowed(excess, above, now);
    if (effect.futile() && !futile) {
      log.warn(
          "Rebalancing is paused, as it has no effect: {} clients were closed and came back to this"
              + " node. A load balancer that chooses by a hash does that; use least connections or"
              + " round robin. It goes on when nodes come or go",
          effect.given());
    }
    if (giving && excess == 0) {
      log.info("Rebalanced: {} connections left", own);
    } else if (!giving && allowed > 0) {
      log.info("Rebalancing: {} of {} connections are above the mean", excess, own);
    }
    giving = excess > 0 && !effect.futile() && (giving || allowed > 0);
    if (allowed > 0) {
      List<Connection> due = oldest(open, Math.min(allowed, properties.rate()));
      for (int i = 0; i < due.size(); i++) {
        Connection connection = due.get(i);
        later(i * SECOND / properties.rate(), () -> giveUp(connection, above));
      }
    }
  }

  /** The oldest connections above the minimum age. */
  private List<Connection> oldest(List<Connection> open, int most) {
    long now = System.nanoTime();
    long youngest = properties.minAge().toNanos();
    return open.stream()
        .filter(connection -> now - connection.since() >= youngest)
        .sorted(Comparator.comparingLong(connection -> connection.since() - now))
        .limit(most)
        .toList();
  }

  private void giveUp(Connection connection, double above) {
    if (!hub.draining()) {
      connection.execute(() -> give(connection, mean));
      effect.gave(1, above, System.nanoTime());
    }
  }

  private void later(long nanos, Runnable task) {
    ScheduledThreadPoolExecutor thread = this.thread;
    if (thread != null) {
      Runnable guarded = periodic.guard(TASK).guard(task);
      var unused = thread.schedule(guarded, nanos, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void stop() {
    running = false;
    if (looking != null) {
      looking.cancel();
      looking = null;
    }
    if (thread != null) {
      thread.shutdownNow();
      thread = null;
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** In the phase of the listener, whose clients it closes. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}

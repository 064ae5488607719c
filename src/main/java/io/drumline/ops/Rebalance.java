package io.drumline.ops;

import io.drumline.hub.Connection;
import io.drumline.hub.Hub;
import io.drumline.message.CloseCode;
import io.drumline.session.ClusterView;
import io.drumline.session.Nodes;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Gives clients up so that other nodes get their share: those beyond the mean of the cluster, a few
 * a second, on a thread of its own; and each at a certain age, on its event loop. Both are off
 * unless set, and rest while this node drains.
 */
@Component
final class Rebalance implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Rebalance.class);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long LOOK_AGAIN_MILLIS = 10_000;
  private static final String REASON = "The load is spread anew: reconnect now.";

  private final Hub hub;
  private final Nodes nodes;
  private final RebalanceProperties properties;
  private final Share share;
  private final Counter mean;
  private final Counter age;
  private @Nullable ScheduledThreadPoolExecutor thread;
  private boolean giving;
  private volatile boolean running;

  Rebalance(Hub hub, Nodes nodes, RebalanceProperties properties, MeterRegistry registry) {
    this.hub = hub;
    this.nodes = nodes;
    this.properties = properties;
    share = new Share(properties.tolerance(), properties.settle());
    mean = counter(registry, "mean");
    age = counter(registry, "age");
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
      hub.onConnect(connection -> age(connection, maxAge.toMillis()));
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
      var unused = thread.scheduleAtFixedRate(this::look, 1, 1, TimeUnit.SECONDS);
    }
    running = true;
  }

  /** Sockets that came at once go one after the other, each at a random moment of the last part. */
  private void age(Connection connection, long maxMillis) {
    long early =
        (long) (maxMillis * properties.jitter() * ThreadLocalRandom.current().nextDouble());
    connection
        .wheel()
        .after(
            Math.max(1, maxMillis - early),
            () -> {
              if (hub.draining() && connection.open()) {
                return LOOK_AGAIN_MILLIS; // it will be closed, unless that is taken back
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
    try {
      long now = System.nanoTime();
      Optional<ClusterView> view = nodes.view();
      if (hub.draining() || view.isEmpty() || isOld(view.get())) {
        share.sawNothing(now);
      } else {
        share.saw(view.get(), now);
      }
      boolean more = share.excess(hub.connectionCount(), now) > 0 && giveUpSome(now);
      if (giving && !more) {
        log.info("Rebalanced: {} connections left", hub.connectionCount());
      }
      giving = more;
    } catch (RuntimeException failed) { // else it would never be called again
      log.error("Rebalancing failed; it goes on in a second", failed);
    }
  }

  private boolean isOld(ClusterView view) {
    return view.age().compareTo(nodes.lease().dividedBy(2)) > 0;
  }

  /** Closes what is due in this second, the lightest first; returns whether anything is. */
  private boolean giveUpSome(long now) {
    List<Connection> open = hub.lightestFirst().join();
    int excess = share.excess(open.size(), now);
    if (excess > 0 && !giving) {
      log.info("Rebalancing: {} of {} connections are above the mean", excess, open.size());
    }
    int due = Math.min(excess, properties.rate());
    for (int i = 0; i < due && !hub.draining(); i++) {
      Connection connection = open.get(i);
      connection.execute(() -> give(connection, mean));
      pause(SECOND / properties.rate());
    }
    return excess > 0;
  }

  private static void pause(long nanos) {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void stop() {
    running = false;
    if (thread != null) {
      thread.shutdownNow();
      thread = null;
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** With the listener, whose clients it watches. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}

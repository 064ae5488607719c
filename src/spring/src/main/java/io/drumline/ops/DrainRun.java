package io.drumline.ops;

import io.drumline.hub.Connection;
import io.drumline.hub.Hub;
import io.drumline.message.CloseCode;
import io.drumline.ops.DrainProgress.Stage;
import io.drumline.session.SharedSessions;
import io.micrometer.core.instrument.Counter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One drain, from the grace period to the last connection, on its own thread. The methods may be
 * called from any thread.
 */
final class DrainRun {
  private static final Logger log = LoggerFactory.getLogger(DrainRun.class);
  private static final Duration TOLD_EVERY = Duration.ofSeconds(5);

  private static final long POLL_MILLIS = 50;

  /** A connection is closed 8 seconds after its Close frame even without an answer. */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(9);

  private final Hub hub;
  private final SharedSessions sessions;
  private final DrainProperties properties;
  private final Counter counter;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final CountDownLatch hurry = new CountDownLatch(1);
  private final long beganAt = System.nanoTime();
  private volatile Stage stage = Stage.GRACE;
  private volatile int planned;
  private volatile Closings closed = new Closings(0);
  private volatile boolean cancelled;
  private long toldAt;

  DrainRun(Hub hub, SharedSessions sessions, DrainProperties properties, Counter counter) {
    this.hub = hub;
    this.sessions = sessions;
    this.properties = properties;
    this.counter = counter;
  }

  void start() {
    Thread thread = new Thread(this::run, "drumline-drain");
    thread.setDaemon(true);
    thread.start();
  }

  /** Completes on the drain's thread when the node is empty, or the drain was cancelled. */
  CompletableFuture<Void> done() {
    return done;
  }

  /** Skips all waiting: closes the remaining connections at once. */
  void hurry() {
    hurry.countDown();
  }

  /** Closes no more connections. */
  void cancel() {
    cancelled = true;
    hurry.countDown();
  }

  DrainProgress progress() {
    return new DrainProgress(stage, hub.connectionCount(), planned, closed.count());
  }

  @SuppressWarnings("CatchThrowable") // SIGTERM waits for its end, even by an error
  private void run() {
    try {
      log.info(
          "Draining: for {} s (drumline.drain.grace) load balancers may still send clients here,"
              + " until they notice that it is not ready; then {} connections are closed over {} s",
          seconds(properties.grace()),
          hub.connectionCount(),
          seconds(properties.window()));
      pauseUntil(beganAt + properties.grace().toNanos());
      if (!cancelled) {
        closeAll(hub.lightestFirst().join());
      }
      if (!cancelled) {
        finish();
      }
      done.complete(null);
    } catch (Throwable e) {
      try {
        log.error("The drain failed: {} connections are left", hub.connectionCount(), e);
      } finally {
        done.completeExceptionally(e);
      }
    }
  }

  private void closeAll(List<Connection> lightestFirst) {
    planned = lightestFirst.size();
    closed = new Closings(planned);
    stage = Stage.CLOSING;
    toldAt = System.nanoTime();
    Pacing pacing = new Pacing(planned, properties.window(), toldAt);
    Semaphore free = new Semaphore(pacing.mostAtOnce());
    for (int i = 0; i < planned && !cancelled; i++) {
      pauseUntil(pacing.due(i));
      boolean waited = await(free, pacing.latest(i));
      pacing.closes(i, System.nanoTime());
      if (!cancelled) {
        close(lightestFirst.get(i), waited ? free::release : () -> {});
        tell();
      }
    }
  }

  /**
   * Closes one connection. Without hurry, the clients close at an even rate and so may reconnect at
   * once.
   */
  private void close(Connection connection, Runnable then) {
    String hint = hurry.getCount() > 0 ? "now" : "within 10 s";
    connection.execute(
        () -> {
          try {
            if (connection.open()) {
              connection.close(
                  CloseCode.GOING_AWAY, "This node is going away: reconnect " + hint + ".");
              closed.add(System.nanoTime());
              counter.increment();
            }
          } finally {
            then.run(); // else the next ones would wait for it
          }
        });
  }

  /**
   * Waits for event loops that are late, unless in a hurry; returns whether a permit was acquired.
   */
  private boolean await(Semaphore free, long latest) {
    try {
      boolean acquired = free.tryAcquire();
      while (!acquired && hurry.getCount() > 0 && System.nanoTime() - latest < 0) {
        acquired = free.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS);
      }
      return acquired;
    } catch (InterruptedException nobodyDoes) {
      hurry.countDown();
      return false;
    }
  }

  private void tell() {
    if (System.nanoTime() - toldAt >= TOLD_EVERY.toNanos()) {
      toldAt = System.nanoTime();
      log.info(
          "Draining: {} of {} closed, {} connections left",
          closed.count(),
          planned,
          hub.connectionCount());
    }
  }

  private void finish() {
    boolean empty =
        hub.awaitNoConnections(hurry.getCount() > 0 ? LAST_ANSWERS : Duration.ofSeconds(1));
    boolean stored = sessions.awaitStored();
    stage = Stage.DRAINED;
    log.info(
        "Drained in {} s: {} of {} closed, at most {} in a second, {}; positions of shared"
            + " sessions {}",
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganAt),
        closed.count(),
        planned,
        closed.busiestSecond(),
        empty ? "none left" : hub.connectionCount() + " have not answered",
        stored ? "stored" : "not all stored");
  }

  private void pauseUntil(long nanos) {
    try {
      for (long left = nanos - System.nanoTime();
          left > 0 && !hurry.await(left, TimeUnit.NANOSECONDS);
          left = nanos - System.nanoTime()) {}
    } catch (InterruptedException nobodyDoes) {
      hurry.countDown();
    }
  }

  private static String seconds(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? Long.toString(duration.toSeconds())
        : Double.toString(duration.toMillis() / 1000.0);
  }
}

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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One drain, from the grace to the last socket, on a thread of its own. The other methods are for
 * any thread.
 */
final class DrainRun {
  private static final Logger log = LoggerFactory.getLogger(DrainRun.class);
  private static final Duration TOLD_EVERY = Duration.ofSeconds(5);

  /** What is due for longer moves all that follows: a pause of this process ends in no burst. */
  private static final Duration MOST_LATE = Duration.ofMillis(250);

  /** A connection ends by itself 8 seconds after its Close frame. */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(9);

  private final Hub hub;
  private final SharedSessions sessions;
  private final DrainProperties properties;
  private final Counter counter;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final CountDownLatch hurry = new CountDownLatch(1);
  private final AtomicInteger closed = new AtomicInteger();
  private final long beganAt = System.nanoTime();
  private volatile Stage stage = Stage.GRACE;
  private volatile int planned;
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

  /** Completes on the drain's thread when the node is empty, or when it was cancelled. */
  CompletableFuture<Void> done() {
    return done;
  }

  /** Waits for nothing any more: closes at once what is left. */
  void hurry() {
    hurry.countDown();
  }

  /** Closes nothing more. */
  void cancel() {
    cancelled = true;
    hurry.countDown();
  }

  DrainProgress progress() {
    return new DrainProgress(stage, hub.connectionCount(), planned, closed.get());
  }

  private void run() {
    try {
      log.info(
          "Draining: {} connections, to be closed over {} s after a grace of {} s",
          hub.connectionCount(),
          seconds(properties.window()),
          seconds(properties.grace()));
      pauseUntil(beganAt + properties.grace().toNanos());
      if (!cancelled) {
        closeAll(hub.lightestFirst().join());
      }
      if (!cancelled) {
        finish();
      }
      done.complete(null);
    } catch (RuntimeException failed) {
      log.error("The drain failed", failed);
      done.completeExceptionally(failed);
    }
  }

  private void closeAll(List<Connection> lightestFirst) {
    planned = lightestFirst.size();
    stage = Stage.CLOSING;
    long first = System.nanoTime();
    long window = properties.window().toNanos();
    toldAt = first;
    for (int i = 0; i < planned && !cancelled; i++) {
      long due = first + (long) ((double) window * i / planned);
      pauseUntil(due);
      first += Math.max(0, System.nanoTime() - due - MOST_LATE.toNanos());
      if (!cancelled) {
        close(lightestFirst.get(i));
        tell();
      }
    }
  }

  /** What closes one by one, comes back one by one: at once, then. */
  private void close(Connection connection) {
    String hint = hurry.getCount() > 0 ? "now" : "within 10 s";
    connection.execute(
        () -> {
          if (connection.open()) {
            connection.close(
                CloseCode.GOING_AWAY, "This node is going away: reconnect " + hint + ".");
            closed.incrementAndGet();
            counter.increment();
          }
        });
  }

  private void tell() {
    if (System.nanoTime() - toldAt >= TOLD_EVERY.toNanos()) {
      toldAt = System.nanoTime();
      log.info(
          "Draining: {} of {} closed, {} connections left",
          closed.get(),
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
        "Drained in {} s: {} of {} closed, {}; positions of shared sessions {}",
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganAt),
        closed.get(),
        planned,
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

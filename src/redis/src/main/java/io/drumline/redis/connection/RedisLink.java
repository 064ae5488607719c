package io.drumline.redis.connection;

import io.drumline.loop.TaskGuard;
import io.drumline.redis.status.FailureReason;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.api.StatefulConnection;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection to Redis that is reopened whenever it is lost or replaced, after a random delay
 * (full jitter). The old connection is closed before the next one is opened, so there are never
 * two.
 *
 * <p>Threads: everything runs on {@code owner}, except {@link #connection()} and {@link #lost}.
 */
public final class RedisLink<C extends StatefulConnection<String, byte[]>> {
  /** The name of the guard for all work on connections, as in the metric. */
  public static final String GUARD = "redis_link";

  private static final long FIRST_PAUSE_MILLIS = 100;

  /** The state of the link. */
  private enum State {
    NEW,
    PAUSING,
    CONNECTING,
    PREPARING,
    UP,
    CLOSED
  }

  private final Supplier<CompletionStage<C>> opener;
  private final Function<C, CompletionStage<?>> preparation;
  private final Duration longestPause;
  private final EventExecutor owner;
  private final ConnectionWatcher watcher;
  private final TaskGuard guard;
  private State state = State.NEW;
  private int attempt;

  /** The connection being prepared or in use. */
  private @Nullable C current;

  /** The connection while it is usable. */
  private volatile @Nullable C usable;

  /** Whether the first attempt has ended, successfully or not. */
  private volatile boolean tried;

  /**
   * @param opener opens a connection
   * @param preparation must succeed before a connection is used
   * @param longestPause upper bound of the delay before an attempt
   * @param guard counts steps that throw; they are retried like steps that fail
   */
  public RedisLink(
      Supplier<CompletionStage<C>> opener,
      Function<C, CompletionStage<?>> preparation,
      Duration longestPause,
      EventExecutor owner,
      ConnectionWatcher watcher,
      TaskGuard guard) {
    this.guard = guard;
    this.opener = opener;
    this.preparation = preparation;
    this.longestPause = longestPause;
    this.owner = owner;
    this.watcher = watcher;
  }

  /** The connection, or null while there is none to use. Any thread. */
  public @Nullable C connection() {
    return usable;
  }

  /** Whether the first attempt to connect has ended; until then it may succeed. Any thread. */
  public boolean hasBeenTried() {
    return tried;
  }

  /** It is never opened: there will be no connection. */
  public void markUnavailable() {
    tried = true;
  }

  public void open() {
    if (state == State.CLOSED) {
      return;
    }
    state = State.CONNECTING;
    guard.stage(opener).whenComplete((opened, failure) -> run(() -> opened(opened, failure)));
  }

  private void opened(@Nullable C connection, @Nullable Throwable failure) {
    if (connection == null) {
      if (state != State.CLOSED) {
        tried = true;
        String reason = failure == null ? "no connection" : FailureReason.of(failure);
        guard.run(() -> watcher.disconnected(reason));
        pause();
      }
      return;
    }
    if (state == State.CLOSED) {
      var unused = connection.closeAsync();
      return;
    }
    current = connection;
    state = State.PREPARING;
    connection.addListener(new LossListener(connection));
    if (!connection.isOpen()) {
      drop(connection, "the connection was lost");
      return;
    }
    guard
        .stage(() -> prepare(connection))
        .whenComplete((done, refusal) -> run(() -> prepared(connection, refusal)));
  }

  @SuppressWarnings("unchecked") // the result is not used
  private CompletionStage<Object> prepare(C connection) {
    return (CompletionStage<Object>) preparation.apply(connection);
  }

  private void prepared(C connection, @Nullable Throwable failure) {
    if (failure != null) {
      drop(connection, FailureReason.of(failure));
    } else if (current == connection && state == State.PREPARING) {
      state = State.UP;
      usable = connection;
      tried = true;
      if (!guard.run(watcher::connected)) {
        drop(connection, "it could not be taken into use");
      }
    }
  }

  /** The connection works: after the next loss, it is reopened quickly. */
  public void resetBackoff() {
    attempt = 0;
  }

  /** Closes the connection and opens another one. */
  public void replace(String reason) {
    if (current != null) {
      drop(current, reason);
    }
  }

  /** The same, if {@code connection} is still the link's. Any thread. */
  public void lost(C connection, String reason) {
    run(() -> drop(connection, reason));
  }

  private void drop(C connection, String reason) {
    if (current != connection) {
      return; // already dropped
    }
    current = null;
    usable = null;
    tried = true;
    state = State.PAUSING;
    guard.run(() -> watcher.disconnected(reason));
    CompletionStage<Void> closed = guard.stage(connection::closeAsync);
    closed.whenComplete((done, failure) -> run(this::pause));
  }

  private void pause() {
    if (state == State.CLOSED) {
      return;
    }
    state = State.PAUSING;
    long bound = Math.min(longestPause.toMillis(), FIRST_PAUSE_MILLIS << Math.min(attempt++, 16));
    long millis = ThreadLocalRandom.current().nextLong(bound + 1);
    var unused = owner.schedule(this::open, millis, TimeUnit.MILLISECONDS);
  }

  /** Ends the link; completes when its connection is closed. */
  public CompletionStage<Void> close() {
    state = State.CLOSED;
    tried = true;
    C connection = current;
    current = null;
    usable = null;
    return connection == null ? CompletableFuture.completedFuture(null) : connection.closeAsync();
  }

  /** Runs a task on the owner, unless the backplane is closed and its owner shut down. */
  private void run(Runnable task) {
    if (!owner.isShuttingDown()) {
      guard.run(() -> owner.execute(task)); // called from a stage, which would hide an error
    }
  }

  private final class LossListener implements RedisConnectionStateListener {
    private final C connection;

    LossListener(C connection) {
      this.connection = connection;
    }

    @Override
    public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
      lost(connection, "the connection was lost");
    }
  }
}

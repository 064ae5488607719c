package io.drumline.session;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.SessionStore;
import io.drumline.backplane.SessionStore.Opened;
import io.drumline.backplane.SessionStore.Opening;
import io.drumline.backplane.SessionStore.Outcome;
import io.drumline.backplane.SessionStore.Update;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.TaskGuard;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The shared sessions of this node's connections. Thread safe.
 *
 * <p>Each session passes at most one update at a time to be stored. The node stores all of them
 * together, in batches, once per interval, so that the cost depends on the number of sessions with
 * changed positions, not on the number of messages.
 */
public final class SharedSessions implements AutoCloseable {
  private static final long SOON_MILLIS = 20;
  private static final Duration GOODBYE = Duration.ofSeconds(1);
  private static final long POLL_NANOS = 5_000_000;

  private final SessionStore store;
  private final SessionSettings settings;
  private final LongSupplier nanos;
  private final SessionMetrics metrics;
  private final NodeTimer timer;
  private final TaskGuard guard;

  /** By client-id; a session is removed when it was stored for the last time, or was fenced. */
  private final Map<String, SharedSession> sessions = new ConcurrentHashMap<>();

  private final Queue<Sending> waiting = new ConcurrentLinkedQueue<>();

  /** Updates that are queued or in flight. */
  private final AtomicInteger unanswered = new AtomicInteger();

  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicBoolean scheduledSoon = new AtomicBoolean();

  /** Whether a batch is in flight; the next one follows it. */
  private final AtomicBoolean storing = new AtomicBoolean();

  private record Sending(SharedSession session, Update update) {}

  public SharedSessions(
      SessionStore store,
      SessionSettings settings,
      MeterRegistry registry,
      NodeTimer timer,
      TaskGuard guard) {
    this(store, settings, registry, System::nanoTime, timer, guard);
  }

  SharedSessions(
      SessionStore store,
      SessionSettings settings,
      MeterRegistry registry,
      LongSupplier nanos,
      NodeTimer timer,
      TaskGuard guard) {
    this.timer = timer;
    this.guard = guard;
    this.store = store;
    this.settings = settings;
    this.nanos = nanos;
    this.metrics = new SessionMetrics(registry, sessions);
    store.listen(
        new SessionStore.Listener() {
          @Override
          public void opened(String clientId, long generation) {
            openedElsewhere(clientId, generation);
          }

          @Override
          public void interrupted() {
            restore();
          }
        });
  }

  /**
   * Opens a client's session for its new connection; an older connection, on any node, is closed.
   *
   * @param user its user; empty for clients without a user name
   * @return empty if the client-id belongs to another user; fails with {@link BackplaneException},
   *     whose message is for the client, if it cannot be opened now. Completes on the connection's
   *     event loop, after this call.
   */
  public CompletionStage<Optional<SharedSession>> open(
      String clientId, String user, ClientSocket socket) {
    CompletableFuture<Optional<SharedSession>> result = new CompletableFuture<>();
    open(clientId, user)
        .whenComplete(
            (opening, failure) ->
                socket.execute(
                    () -> {
                      if (opening instanceof Opened opened) {
                        result.complete(Optional.of(begin(clientId, user, socket, opened)));
                      } else if (failure == null) {
                        result.complete(Optional.empty());
                      } else {
                        metrics.failures.increment();
                        result.completeExceptionally(failure);
                      }
                    }));
    return result;
  }

  private CompletionStage<Opening> open(String clientId, String user) {
    if (sessions.size() >= settings.maxSessions() && !sessions.containsKey(clientId)) {
      return CompletableFuture.failedFuture(
          new BackplaneException("This node has as many shared sessions as it may.", null));
    }
    if (sessions.containsKey(clientId)) {
      flush(); // the client is back at once: positions of its last connection are stored first
    }
    return store.open(clientId, user, settings.timeToLive());
  }

  private SharedSession begin(String clientId, String user, ClientSocket socket, Opened opened) {
    SharedSession session = new SharedSession(this, socket, clientId, user, opened);
    session.start();
    sessions.compute(
        clientId,
        (id, other) -> {
          if (other == null) {
            return session;
          }
          boolean newest = other.generation() < session.generation();
          (newest ? other : session).fence();
          return newest ? session : other;
        });
    return session;
  }

  private void openedElsewhere(String clientId, long generation) {
    SharedSession session = sessions.get(clientId);
    if (session != null && session.generation() < generation) {
      session.fence();
    }
  }

  /** Stores all positions again: the store may have lost them. Any thread. */
  public void restore() {
    sessions.values().forEach(SharedSession::restore);
  }

  void remove(SharedSession session) {
    sessions.remove(session.clientId(), session);
  }

  SessionSettings settings() {
    return settings;
  }

  SessionMetrics metrics() {
    return metrics;
  }

  long nanos() {
    return nanos.getAsLong();
  }

  /** Stores an update with the node's next batch. */
  void store(SharedSession session, Update update) {
    unanswered.incrementAndGet();
    waiting.add(new Sending(session, update));
    if (scheduled.compareAndSet(false, true)) {
      later(
          settings.positionInterval().toMillis(),
          () -> {
            scheduled.set(false);
            flush();
          });
    }
  }

  /** Does not wait for the interval's end: a client that has disconnected may return at once. */
  void storeSoon() {
    if (scheduledSoon.compareAndSet(false, true)) {
      later(
          SOON_MILLIS,
          () -> {
            scheduledSoon.set(false);
            flush();
          });
    }
  }

  private void later(long millis, Runnable task) {
    timer.after(Duration.ofMillis(millis), guard, task);
  }

  /** Stores the queued updates, unless a batch is in flight: then they follow it. */
  void flush() {
    while (!waiting.isEmpty() && storing.compareAndSet(false, true)) {
      List<Sending> batch = new ArrayList<>();
      for (Sending next;
          batch.size() < SessionStore.MAX_BATCH && (next = waiting.poll()) != null; ) {
        batch.add(next);
      }
      if (batch.isEmpty()) {
        storing.set(false);
        continue;
      }
      // Fails if the store throws: otherwise no batch would ever follow.
      guard
          .stage(
              () ->
                  store.store(batch.stream().map(Sending::update).toList(), settings.timeToLive()))
          .whenComplete((answers, failure) -> stored(batch, answers));
    }
  }

  private void stored(List<Sending> batch, @Nullable List<Outcome> outcomes) {
    for (int i = 0; i < batch.size(); i++) {
      Sending sent = batch.get(i);
      Outcome outcome = outcomes == null ? Outcome.FAILED : outcomes.get(i);
      switch (outcome) {
        case STORED, LOST -> metrics.stores.increment();
        case FAILED -> metrics.failures.increment();
        case FENCED -> {
          // counted when its connection is closed
        }
      }
      // Retried on failure: otherwise the session would store nothing any more.
      timer.now(
          guard, () -> sent.session.answered(sent.update, outcome, unanswered::decrementAndGet));
    }
    storing.set(false);
    flush();
  }

  /**
   * Waits at most a second for the final updates of ended sessions. Called when all connections are
   * closed; not for event loops.
   */
  @Override
  public void close() {
    awaitStored();
  }

  /**
   * Waits at most a second until the queued updates are stored; returns whether they are. Not for
   * event loops.
   */
  public boolean awaitStored() {
    long deadline = System.nanoTime() + GOODBYE.toNanos();
    while (unanswered.get() > 0 && System.nanoTime() - deadline < 0) {
      flush();
      LockSupport.parkNanos(POLL_NANOS);
    }
    return unanswered.get() == 0;
  }
}

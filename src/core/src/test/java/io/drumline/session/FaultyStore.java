package io.drumline.session;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MemorySessions;
import io.drumline.backplane.SessionStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A store that may be away, forget, or be slow. */
final class FaultyStore implements SessionStore {
  private SessionStore store = empty();
  private final List<Listener> listeners = new ArrayList<>();
  private CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);
  private boolean away;
  private boolean wentBack;

  /** What came to be stored, a list a batch; not what came while it was away. */
  final List<List<Update>> batches = Collections.synchronizedList(new ArrayList<>());

  /** How often it was asked to store while it was away. */
  int failures;

  void leave() {
    away = true;
  }

  private static SessionStore empty() {
    return new MemorySessions(MemoryLimits.DEFAULTS, new SimpleMeterRegistry());
  }

  /** From now on nobody knows whether it has all that it was told. */
  void goBack() {
    wentBack = true;
    listeners.forEach(Listener::interrupted);
  }

  void comeBack() {
    away = false;
  }

  void loseAll() {
    store = empty();
    listeners.forEach(store::listen);
  }

  /** From now on what is stored is answered only when the gate is opened. */
  CompletableFuture<Void> close() {
    gate = new CompletableFuture<>();
    return gate;
  }

  /** How many updates came. */
  int updates() {
    synchronized (batches) {
      return batches.stream().mapToInt(List::size).sum();
    }
  }

  @Override
  public void listen(Listener listener) {
    listeners.add(listener);
    store.listen(listener);
  }

  @Override
  public CompletionStage<Opening> open(String clientId, String user, Duration timeToLive) {
    return away
        ? CompletableFuture.failedFuture(new BackplaneException("It is away.", null))
        : store.open(clientId, user, timeToLive).thenApply(this::doubted);
  }

  private Opening doubted(Opening opening) {
    return wentBack && opening instanceof Opened opened && opened.known().resumed()
        ? new Opened(opened.generation(), Known.PERHAPS_NOT_ALL, opened.positions())
        : opening;
  }

  @Override
  public CompletionStage<List<Outcome>> store(List<Update> batch, Duration timeToLive) {
    if (away) {
      failures++;
      return CompletableFuture.completedFuture(Collections.nCopies(batch.size(), Outcome.FAILED));
    }
    batches.add(batch);
    CompletionStage<List<Outcome>> outcomes = store.store(batch, timeToLive);
    return gate.thenCompose(open -> outcomes);
  }
}

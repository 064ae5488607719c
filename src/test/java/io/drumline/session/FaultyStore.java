package io.drumline.session;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.MemorySessions;
import io.drumline.backplane.SessionStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A store that may be away, forget, or be slow. */
final class FaultyStore implements SessionStore {
  private SessionStore store = new MemorySessions();
  private final List<Listener> listeners = new ArrayList<>();
  private CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);
  private boolean away;

  /** What came to be stored, a list a batch; not what came while it was away. */
  final List<List<Update>> batches = Collections.synchronizedList(new ArrayList<>());

  /** How often it was asked to store while it was away. */
  int failures;

  void leave() {
    away = true;
  }

  void comeBack() {
    away = false;
  }

  void loseAll() {
    store = new MemorySessions();
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
        : store.open(clientId, user, timeToLive);
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

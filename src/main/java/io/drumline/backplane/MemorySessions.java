package io.drumline.backplane;

import io.drumline.message.Destination;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The shared sessions of a single node, in this process. */
public final class MemorySessions implements SessionStore {
  private static final int MOST_SESSIONS = 100_000;
  private static final long SWEEP_EVERY_MILLIS = 10_000;

  private final InstantSource clock;

  /** By client-id. Guarded by this. */
  private final Map<String, Kept> sessions = new HashMap<>();

  private long lastGeneration;
  private long nextSweep;
  private volatile @Nullable Listener listener;

  public MemorySessions() {
    this(InstantSource.system());
  }

  MemorySessions(InstantSource clock) {
    this.clock = clock;
  }

  private static final class Kept {
    final String user;
    final Map<Destination, String> positions = new HashMap<>();
    long generation;
    long until;

    Kept(String user) {
      this.user = user;
    }
  }

  @Override
  public void listen(Listener listener) {
    this.listener = listener;
  }

  @Override
  public CompletionStage<Opening> open(String clientId, String user, Duration timeToLive) {
    Opening opening;
    synchronized (this) {
      long now = clock.millis();
      sweep(now);
      Kept kept = alive(clientId, now);
      boolean resumed = kept != null;
      if (kept == null) {
        if (sessions.size() >= MOST_SESSIONS) {
          return CompletableFuture.failedFuture(
              new BackplaneException("There are too many sessions.", null));
        }
        kept = new Kept(user);
        sessions.put(clientId, kept);
      } else if (!kept.user.equals(user)) {
        return CompletableFuture.completedFuture(new Foreign());
      }
      kept.generation = ++lastGeneration;
      kept.until = now + timeToLive.toMillis();
      opening = new Opened(kept.generation, resumed, Map.copyOf(kept.positions));
    }
    Listener told = listener;
    if (told != null && opening instanceof Opened opened && opened.resumed()) {
      told.opened(clientId, opened.generation());
    }
    return CompletableFuture.completedFuture(opening);
  }

  @Override
  public CompletionStage<List<Outcome>> store(List<Update> batch, Duration timeToLive) {
    List<Outcome> outcomes = new ArrayList<>(batch.size());
    synchronized (this) {
      long now = clock.millis();
      for (Update update : batch) {
        outcomes.add(store(update, now, now + timeToLive.toMillis()));
      }
    }
    return CompletableFuture.completedFuture(outcomes);
  }

  private Outcome store(Update update, long now, long until) {
    Kept kept = alive(update.clientId(), now);
    boolean lost = kept == null;
    if (kept == null) {
      kept = new Kept(update.user());
      kept.generation = update.generation();
      sessions.put(update.clientId(), kept);
    } else if (kept.generation > update.generation()) {
      return Outcome.FENCED;
    }
    kept.positions.putAll(update.positions());
    kept.positions.keySet().removeAll(update.forgotten());
    kept.until = until;
    return lost ? Outcome.RESTORED : Outcome.STORED;
  }

  private @Nullable Kept alive(String clientId, long now) {
    Kept kept = sessions.get(clientId);
    return kept != null && kept.until > now ? kept : null;
  }

  private void sweep(long now) {
    if (now >= nextSweep) {
      nextSweep = now + SWEEP_EVERY_MILLIS;
      sessions.values().removeIf(kept -> kept.until <= now);
    }
  }

  /** How many sessions are remembered. */
  synchronized int size() {
    return sessions.size();
  }
}

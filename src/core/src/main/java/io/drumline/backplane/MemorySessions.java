package io.drumline.backplane;

import io.drumline.message.Destination;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The shared sessions of a single node, in this process. Beyond a limit in bytes, those not stored
 * for longest are forgotten early: their clients receive {@code session-resumed:false}.
 */
public final class MemorySessions implements SessionStore {
  /** Approximate memory of a session and of a position, beside their text. */
  private static final int SESSION_BYTES = 320;

  private static final int POSITION_BYTES = 128;

  private final InstantSource clock;
  private final long mostBytes;
  private final Counter evicted;

  /** By client-id, least recently opened or stored first. Guarded by this. */
  private final Map<String, Kept> sessions = new LinkedHashMap<>(16, 0.75f, true);

  private long lastGeneration;
  private long bytes;
  private volatile @Nullable Listener listener;

  public MemorySessions(MemoryLimits limits, MeterRegistry registry) {
    this(limits.sessions(), registry, InstantSource.system());
  }

  MemorySessions(long mostBytes, MeterRegistry registry, InstantSource clock) {
    this.mostBytes = mostBytes;
    this.clock = clock;
    Gauge.builder("drumline.memory.sessions", this, MemorySessions::size)
        .description("Shared sessions that a node without Redis remembers.")
        .register(registry);
    Gauge.builder("drumline.memory.sessions.bytes", this, MemorySessions::bytes)
        .description("Bytes that the shared sessions of a node without Redis take.")
        .register(registry);
    evicted =
        Counter.builder("drumline.memory.sessions.evicted")
            .description("Shared sessions that were forgotten early, because of the limit.")
            .register(registry);
  }

  private static final class Kept {
    final String clientId;
    final String user;
    final Map<Destination, String> positions = new LinkedHashMap<>();
    long generation;
    long number;
    long until;
    long bytes;

    Kept(String clientId, String user) {
      this.clientId = clientId;
      this.user = user;
    }

    long size() {
      long size = SESSION_BYTES;
      size += clientId.length() + user.length();
      for (Map.Entry<Destination, String> entry : positions.entrySet()) {
        size += POSITION_BYTES + entry.getKey().value().length() + entry.getValue().length();
      }
      return size;
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
      Kept kept = alive(clientId, now);
      Known known = kept == null ? Known.NOTHING : Known.ALL;
      if (kept == null) {
        kept = new Kept(clientId, user);
      } else if (!kept.user.equals(user)) {
        return CompletableFuture.completedFuture(new Foreign());
      }
      kept.generation = ++lastGeneration;
      kept.number = Update.OPENING;
      keep(kept, now, now + timeToLive.toMillis());
      opening = new Opened(kept.generation, known, Map.copyOf(kept.positions));
    }
    Listener told = listener;
    if (told != null && opening instanceof Opened opened && opened.known().resumed()) {
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
    if (kept != null && kept.generation > update.generation()) {
      return Outcome.FENCED;
    }
    boolean known = kept != null && kept.generation == update.generation();
    long last = kept != null && known ? kept.number : -1;
    boolean whole = update.follows() == Update.WHOLE;
    if (last >= update.number() || (!whole && last != update.follows())) {
      return Outcome.LOST;
    }
    if (kept == null) {
      kept = new Kept(update.clientId(), update.user());
    }
    if (whole) {
      kept.positions.clear();
    }
    kept.positions.putAll(update.positions());
    kept.positions.keySet().removeAll(update.forgotten());
    kept.generation = update.generation();
    kept.number = update.number();
    keep(kept, now, until);
    return Outcome.STORED;
  }

  private @Nullable Kept alive(String clientId, long now) {
    Kept kept = sessions.get(clientId);
    return kept != null && kept.until > now ? kept : null;
  }

  /** Stores the session, and removes those that have expired or exceed the limit. */
  private void keep(Kept kept, long now, long until) {
    forget(sessions.remove(kept.clientId));
    kept.until = until;
    kept.bytes = kept.size();
    bytes += kept.bytes;
    sessions.put(kept.clientId, kept);
    Iterator<Kept> eldest = sessions.values().iterator();
    while (sessions.size() > 1) {
      Kept next = eldest.next();
      boolean over = next.until <= now;
      if (!over && bytes <= mostBytes) {
        return;
      }
      eldest.remove();
      forget(next);
      if (!over) {
        evicted.increment();
      }
    }
  }

  private void forget(@Nullable Kept kept) {
    if (kept != null) {
      bytes -= kept.bytes;
    }
  }

  /** The number of sessions remembered. */
  synchronized int size() {
    return sessions.size();
  }

  synchronized long bytes() {
    return bytes;
  }
}

package io.drumline.backplane;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The registry of a single node, which knows only this node. */
public final class MemoryRegistry implements NodeRegistry {
  private final InstantSource clock;

  /** By incarnation. Guarded by this. */
  private final Map<String, Entry> entries = new HashMap<>();

  private record Entry(NodeRun run, NodeState state, Instant until) {}

  public MemoryRegistry() {
    this(InstantSource.system());
  }

  MemoryRegistry(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public synchronized CompletionStage<Renewal> renew(
      NodeRun self, NodeState state, Duration lease) {
    Instant now = clock.instant();
    entries.values().removeIf(entry -> !entry.until.isAfter(now));
    boolean held = entries.put(self.incarnation(), new Entry(self, state, now.plus(lease))) != null;
    List<Alive> nodes =
        entries.values().stream()
            .limit(MAX_NODES)
            .map(entry -> new Alive(entry.run, entry.state, Duration.between(now, entry.until)))
            .toList();
    return CompletableFuture.completedFuture(new Renewal(held, nodes));
  }

  @Override
  public synchronized CompletionStage<Void> leave(NodeRun self) {
    entries.remove(self.incarnation());
    return CompletableFuture.completedFuture(null);
  }
}

package io.drumline.backplane;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The blocks of a single node, kept in this process only. */
public final class MemoryRevocations implements Revocations {
  private static final Duration SWEEP_EVERY = Duration.ofSeconds(10);

  private final InstantSource clock;

  /** Guarded by this, like the next. */
  private final Map<Subject, Revocation> blocks = new HashMap<>();

  private Instant nextSweep = Instant.MIN;

  public MemoryRevocations() {
    this(InstantSource.system());
  }

  MemoryRevocations(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public CompletionStage<Revocation> block(Subject subject, Duration time, String reason) {
    Instant now = Instant.ofEpochMilli(clock.millis());
    Revocation block = new Revocation(subject, now.plusMillis(time.toMillis()), reason);
    synchronized (this) {
      if (blocks.size() >= MOST || !now.isBefore(nextSweep)) {
        nextSweep = now.plus(SWEEP_EVERY);
        blocks.values().removeIf(each -> !each.until().isAfter(now));
      }
      if (blocks.size() >= MOST && !blocks.containsKey(subject)) {
        return CompletableFuture.failedFuture(
            new BackplaneException("There are as many blocks as there may be.", null));
      }
      blocks.put(subject, block);
    }
    return CompletableFuture.completedFuture(block);
  }

  @Override
  public CompletionStage<Boolean> lift(Subject subject) {
    boolean blocked;
    synchronized (this) {
      blocked = inForce(blocks.remove(subject));
    }
    return CompletableFuture.completedFuture(blocked);
  }

  @Override
  public CompletionStage<Optional<Revocation>> check(List<Subject> subjects) {
    Optional<Revocation> first;
    synchronized (this) {
      first = subjects.stream().map(blocks::get).filter(this::inForce).findFirst();
    }
    return CompletableFuture.completedFuture(first);
  }

  @Override
  public CompletionStage<Collection<Revocation>> list() {
    Collection<Revocation> all;
    synchronized (this) {
      all = blocks.values().stream().filter(this::inForce).toList();
    }
    return CompletableFuture.completedFuture(all);
  }

  private boolean inForce(@Nullable Revocation block) {
    return block != null && block.until().toEpochMilli() > clock.millis();
  }
}

package io.drumline.redis.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.Revocations;
import io.drumline.redis.command.Commands;
import io.drumline.redis.command.RedisScript;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.status.Operation;
import io.lettuce.core.protocol.CommandType;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blocks of a cluster: one hash, so that a client's CONNECT takes one lookup. Blocks that Redis
 * loses (eviction, a restart without its data, a failover) are restored from the nodes' knowledge,
 * and until then each node enforces the blocks that it knows.
 */
public final class RedisRevocations implements Revocations {
  /** Maximum number of pending calls: one for each client that connects. */
  public static final int MAX_CALLS = 8192;

  /** Number of entries that one list call scans. */
  private static final int PART = 1000;

  private static final RedisScript REVOKE = RedisScript.load("revoke.lua");
  private static final RedisScript REVOKED = RedisScript.load("revoked.lua");
  private static final RedisScript LIST = RedisScript.load("revoked-list.lua");
  private static final RedisScript RESTORE = RedisScript.load("revoked-restore.lua");

  /** Number of blocks that one call restores. */
  private static final int RESTORED = 500;

  private static final Logger log = LoggerFactory.getLogger(RedisRevocations.class);

  private final String key;
  private final RedisCalls calls;
  private final KnownBlocks known = new KnownBlocks(InstantSource.system());

  /** Completes when the current restore ends; guarded by {@code known}. */
  private @Nullable CompletableFuture<Void> restoring;

  private volatile @Nullable Watcher watcher;

  /**
   * The result of a restore.
   *
   * @param version of all blocks since then
   * @param count the number of blocks that Redis did not have
   */
  private record Restored(String version, long count) {}

  public RedisRevocations(RedisKeys keys, CallLanes lanes) {
    this.key = keys.revoked();
    calls = lanes.open(Operation.BLOCK, "Blocked users cannot be looked up now", MAX_CALLS);
  }

  @Override
  public CompletionStage<Revocation> block(Subject subject, Duration time, String reason) {
    return revoke(subject, time.toMillis(), reason)
        .thenApply(
            until -> {
              if (until == 0) {
                throw new BackplaneException(
                    "There are %d blocks, the most that there may be.".formatted(MOST), null);
              }
              Revocation block = new Revocation(subject, Instant.ofEpochMilli(until), reason);
              known.add(block);
              return block;
            });
  }

  @Override
  public CompletionStage<Boolean> lift(Subject subject) {
    return revoke(subject, 0, "")
        .thenApply(
            lifted -> {
              known.remove(subject);
              return lifted == 1;
            });
  }

  private CompletionStage<Long> revoke(Subject subject, long millis, String reason) {
    // First: this change raises the version, which could hide that blocks were lost.
    return verify()
        .thenCompose(
            done ->
                calls.run(
                    REVOKE,
                    key,
                    Commands::array,
                    args ->
                        args.add(subject.toString())
                            .add(millis)
                            .add(reason)
                            .add(MOST)
                            .add(newEpoch())))
        .thenApply(
            answer -> {
              var unused = known.isComplete(text(answer.get(1)));
              return (Long) answer.get(0);
            });
  }

  @Override
  public CompletionStage<Optional<Revocation>> check(List<Subject> subjects) {
    if (subjects.isEmpty()) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    return ask(subjects)
        .thenApply(
            answer -> {
              boolean complete = known.isComplete(text(answer.get(0)));
              if (!complete) {
                var unused = restore();
              }
              int found = ((Long) answer.get(1)).intValue();
              if (found > 0) {
                Revocation block =
                    revocation(subjects.get(found - 1), answer.get(2), answer.get(3));
                known.add(block);
                return Optional.of(block);
              }
              if (complete) {
                subjects.forEach(known::remove); // another node has removed these blocks
                return Optional.empty();
              }
              return known.first(subjects);
            });
  }

  private CompletionStage<List<Object>> ask(List<Subject> subjects) {
    return calls.run(
        REVOKED,
        key,
        Commands::array,
        args -> subjects.forEach(subject -> args.add(subject.toString())));
  }

  /**
   * Synchronizes the blocks between Redis and this node, whatever either has lost or missed. Also
   * removes the key's time to live, which nodes of earlier builds set with each block.
   */
  public CompletionStage<Void> reconcile() {
    return calls
        .send(CommandType.PTTL, key, Commands::integer, args -> args.addKey(key))
        .thenCompose(left -> left > 0 ? persist() : CompletableFuture.completedFuture(left))
        .thenCompose(done -> verify())
        .thenCompose(
            done ->
                known.isBehind()
                    ? list().thenAccept(this::found)
                    : CompletableFuture.completedFuture(null));
  }

  /** Ignores errors: an ACL of an earlier build does not include PERSIST. */
  private CompletionStage<Long> persist() {
    return calls
        .send(CommandType.PERSIST, key, Commands::integer, args -> args.addKey(key))
        .exceptionally(failure -> 0L);
  }

  private void found(Collection<Revocation> all) {
    Watcher watcher = this.watcher;
    if (watcher != null) {
      watcher.found(all);
    }
  }

  /** Checks whether Redis has lost blocks that this node knows; if so, restores them. */
  private CompletionStage<Void> verify() {
    return ask(List.of())
        .thenCompose(
            answer ->
                known.isComplete(text(answer.get(0)))
                    ? CompletableFuture.completedFuture(null)
                    : restore());
  }

  /** Restores the blocks that this node knows; concurrent calls share one restore. */
  private CompletionStage<Void> restore() {
    CompletableFuture<Void> mine = new CompletableFuture<>();
    synchronized (known) {
      if (restoring != null) {
        return restoring;
      }
      restoring = mine;
    }
    // Checked again: a notice may have arrived before an older answer.
    ask(List.of())
        .thenCompose(
            answer ->
                known.isComplete(text(answer.get(0)))
                    ? CompletableFuture.completedFuture(Optional.<Restored>empty())
                    : restore(known.all(), 0, 0).thenApply(Optional::of))
        .whenComplete(
            (restored, failure) -> {
              synchronized (known) {
                restoring = null;
              }
              if (failure != null) {
                mine.completeExceptionally(failure);
                return;
              }
              restored.ifPresent(this::restored);
              mine.complete(null);
            });
    return mine;
  }

  private void restored(Restored restored) {
    known.restored(restored.version);
    if (restored.count == 0) {
      return; // the lost blocks have expired, or another node was faster
    }
    log.warn(
        "Redis had lost blocks of users, sessions or tokens; this node has stored {} that it knows"
            + " of again. Look for evicted keys (maxmemory-policy), a restart without data or a"
            + " failover of Redis",
        restored.count);
    Watcher watcher = this.watcher;
    if (watcher != null) {
      watcher.restored();
    }
  }

  private CompletionStage<Restored> restore(List<Revocation> blocks, int from, long before) {
    int to = Math.min(from + RESTORED, blocks.size());
    return calls
        .run(
            RESTORE,
            key,
            Commands::array,
            args -> {
              args.add(newEpoch()).add(known.version()).add(MOST);
              args.add(to == blocks.size() ? String.valueOf(before) : "-");
              for (Revocation block : blocks.subList(from, to)) {
                args.add(block.subject().toString())
                    .add(block.until().toEpochMilli())
                    .add(block.reason());
              }
            })
        .thenCompose(
            answer -> {
              long count = before + (Long) answer.get(1);
              return to == blocks.size()
                  ? CompletableFuture.completedFuture(new Restored(text(answer.get(0)), count))
                  : restore(blocks, to, count);
            });
  }

  @Override
  public void watch(Watcher watcher) {
    this.watcher = watcher;
  }

  @Override
  public String version() {
    return known.version();
  }

  @Override
  public void blocked(Revocation block, String version) {
    known.heard(block, version);
    if (version.isEmpty()) {
      // From an earlier build, which sets a time to live for all blocks. The periodic task retries
      // on failure.
      var unused = reconcile().exceptionally(failure -> null);
    }
  }

  @Override
  public void lifted(Subject subject) {
    known.remove(subject);
  }

  @Override
  public CompletionStage<Collection<Revocation>> list() {
    return verify()
        .thenCompose(
            done -> {
              long number = known.number();
              return list("0", new HashMap<>())
                  .thenApply(
                      all -> {
                        known.replace(all, number);
                        return all;
                      });
            });
  }

  private static String newEpoch() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  /** Parts may contain a block twice. */
  private CompletionStage<Collection<Revocation>> list(
      String cursor, Map<Subject, Revocation> found) {
    return calls
        .run(LIST, key, Commands::array, args -> args.add(cursor).add(PART))
        .thenCompose(
            answer -> {
              for (int i = 1; i + 2 < answer.size(); i += 3) {
                Subject subject = subject(text(answer.get(i)));
                if (subject != null) {
                  found.put(subject, revocation(subject, answer.get(i + 1), answer.get(i + 2)));
                }
              }
              String next = text(answer.get(0));
              return next.equals("0")
                  ? CompletableFuture.completedFuture(found.values())
                  : list(next, found);
            });
  }

  private static Revocation revocation(Subject subject, Object until, Object reason) {
    return new Revocation(subject, Instant.ofEpochMilli((Long) until), text(reason));
  }

  /** Null for a kind of a newer version. */
  private static @Nullable Subject subject(String field) {
    int colon = field.indexOf(':');
    for (Kind kind : Kind.values()) {
      if (colon > 0 && kind.text().equals(field.substring(0, colon))) {
        return new Subject(kind, field.substring(colon + 1));
      }
    }
    return null;
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, UTF_8);
  }
}

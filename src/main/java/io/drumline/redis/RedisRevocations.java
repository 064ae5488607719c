package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.Revocations;
import io.lettuce.core.output.ArrayOutput;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.IntegerOutput;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The blocks of a cluster: one hash, in which a client's connecting is one look-up. */
final class RedisRevocations implements Revocations {
  /** Most calls that wait for Redis: one for each client that connects. */
  static final int MAX_CALLS = 8192;

  /** What one call of a list looks at. */
  private static final int PART = 1000;

  private static final RedisScript REVOKE = RedisScript.load("revoke.lua");
  private static final RedisScript REVOKED = RedisScript.load("revoked.lua");
  private static final RedisScript LIST = RedisScript.load("revoked-list.lua");

  private final String key;
  private final RedisCalls calls;

  RedisRevocations(RedisKeys keys, RedisCalls calls) {
    this.key = keys.revoked();
    this.calls = calls;
  }

  @Override
  public CompletionStage<Revocation> block(Subject subject, Duration time, String reason) {
    return revoke(subject, time.toMillis(), reason)
        .thenApply(
            until -> {
              if (until == 0) {
                throw new BackplaneException("There are as many blocks as there may be.", null);
              }
              return new Revocation(subject, Instant.ofEpochMilli(until), reason);
            });
  }

  @Override
  public CompletionStage<Boolean> lift(Subject subject) {
    return revoke(subject, 0, "").thenApply(lifted -> lifted == 1);
  }

  private CompletionStage<Long> revoke(Subject subject, long millis, String reason) {
    return calls.run(
        REVOKE,
        key,
        () -> new IntegerOutput<>(RedisConnector.CODEC),
        args -> args.add(subject.toString()).add(millis).add(reason).add(MOST));
  }

  @Override
  public CompletionStage<Optional<Revocation>> check(List<Subject> subjects) {
    if (subjects.isEmpty()) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    return calls
        .run(
            REVOKED,
            key,
            RedisRevocations::array,
            args -> subjects.forEach(subject -> args.add(subject.toString())))
        .thenApply(
            answer -> {
              int found = ((Long) answer.get(0)).intValue();
              return found == 0
                  ? Optional.empty()
                  : Optional.of(revocation(subjects.get(found - 1), answer.get(1), answer.get(2)));
            });
  }

  @Override
  public CompletionStage<Collection<Revocation>> list() {
    return list("0", new HashMap<>());
  }

  /** Parts may bring a block twice. */
  private CompletionStage<Collection<Revocation>> list(
      String cursor, Map<Subject, Revocation> found) {
    return calls
        .run(LIST, key, RedisRevocations::array, args -> args.add(cursor).add(PART))
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

  private static CommandOutput<String, byte[], List<Object>> array() {
    return new ArrayOutput<>(RedisConnector.CODEC);
  }

  private static String text(Object octets) {
    return new String((byte[]) octets, UTF_8);
  }
}

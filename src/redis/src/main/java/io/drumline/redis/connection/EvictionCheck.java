package io.drumline.redis.connection;

import io.drumline.backplane.BackplaneStatus.Problem;
import io.drumline.redis.command.Commands;
import io.drumline.redis.command.ErrorReply;
import io.drumline.redis.status.RedisRefusal;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.output.ValueOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandType;
import io.netty.util.concurrent.EventExecutor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks whether a Redis may evict keys: on each new connection, and then twice a minute. It uses
 * INFO, since managed services mostly forbid CONFIG. Used on the backplane's thread, except {@link
 * #problem}.
 */
public final class EvictionCheck {
  /** A label of metrics and in health. */
  public static final String REASON = "eviction";

  private static final Logger log = LoggerFactory.getLogger(EvictionCheck.class);
  private static final long INTERVAL_NANOS = Duration.ofSeconds(30).toNanos();
  private static final Pattern POLICY = Pattern.compile("(?m)^maxmemory_policy:([a-z-]+)\\s*$");
  private static final Pattern UNLIMITED = Pattern.compile("(?m)^maxmemory:0\\s*$");

  private final EventExecutor owner;
  private @Nullable StatefulConnection<String, byte[]> asked;
  private long askedAt;
  private boolean unknown;

  /** The policy if Redis may evict keys by it; else null. */
  private volatile @Nullable String policy;

  public EvictionCheck(EventExecutor owner) {
    this.owner = owner;
  }

  /** Sends a check, unless this connection was checked within the last 30 seconds. */
  public void check(StatefulConnection<String, byte[]> connection) {
    long now = System.nanoTime();
    if (connection == asked && now - askedAt < INTERVAL_NANOS) {
      return;
    }
    asked = connection;
    askedAt = now;
    AsyncCommand<String, byte[], byte[]> info =
        Commands.command(
            CommandType.INFO, new ValueOutput<>(Commands.CODEC), Commands.args().add("memory"));
    info.onComplete(
        (answer, failure) -> {
          if (!owner.isShuttingDown()) {
            owner.execute(() -> answered(answer, failure));
          }
        });
    connection.dispatch(info);
  }

  private void answered(byte @Nullable [] answer, @Nullable Throwable failure) {
    String info = answer == null ? "" : new String(answer, StandardCharsets.US_ASCII);
    Matcher found = POLICY.matcher(info);
    if (found.find()) {
      unknown = false;
      String name = found.group(1);
      apply(name.equals("noeviction") || UNLIMITED.matcher(info).find() ? null : name);
    } else if ((answer != null || RedisRefusal.of(failure) != null) && !unknown) {
      unknown = true;
      String error = ErrorReply.in(failure);
      log.warn(
          "It cannot be checked whether Redis evicts keys: INFO memory does not tell its"
              + " maxmemory_policy ({}). Grant +info, or see to it that the policy is noeviction",
          error == null ? "it is not in the answer" : error);
    }
  }

  private void apply(@Nullable String next) {
    String before = policy;
    policy = next;
    if (next != null && !next.equals(before)) {
      log.warn(sentence(next));
    } else if (next == null && before != null) {
      log.info("Redis evicts no keys any more");
    }
  }

  /** The problem, if any; any thread. */
  public Optional<Problem> problem() {
    String policy = this.policy;
    return policy == null ? Optional.empty() : Optional.of(new Problem(REASON, sentence(policy)));
  }

  private static String sentence(String policy) {
    return "Redis may evict keys, as its maxmemory-policy is "
        + policy
        + ": when its memory is full, clients lose history (gaps) and shared sessions, messages are"
        + " published twice, and blocked users may come back; set maxmemory-policy to noeviction.";
  }
}

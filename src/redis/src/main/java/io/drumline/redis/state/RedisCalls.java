package io.drumline.redis.state;

import io.drumline.backplane.BackplaneException;
import io.drumline.redis.command.Commands;
import io.drumline.redis.command.ErrorReply;
import io.drumline.redis.command.RedisLane;
import io.drumline.redis.command.RedisScript;
import io.drumline.redis.shard.RedisShard;
import io.drumline.redis.shard.RedisShards;
import io.drumline.redis.status.Operation;
import io.drumline.redis.status.RedisRefusal;
import io.drumline.redis.status.RedisRefusals;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Calls of one kind to Redis, limited in number, on the publishing connections. Each is executed at
 * most once: it is resent only if a Redis of a cluster answers that it does not have the key, until
 * the call times out. Thread safe; never blocks.
 *
 * <p>Concurrency: callers add to the lane, whose task on the owner sends everything queued in one
 * flush, in order; Lettuce's I/O thread completes. Until the first attempt to connect has ended,
 * calls wait for it.
 */
final class RedisCalls {

  /** The delay before resending a call whose key another Redis of the cluster may have. */
  private static final long REDIRECT_PAUSE_MILLIS = 50;

  private final Operation operation;
  private final String sentence;
  private final int maxCalls;
  private final RedisRefusals refusals;
  private final Duration timeout;
  private final EventExecutor owner;
  private final RedisShards shards;

  private final RedisLane<Call<?>> lane;
  private final AtomicInteger held = new AtomicInteger();

  /** See {@link CallLanes}. */
  RedisCalls(
      Operation operation,
      String sentence,
      int maxCalls,
      RedisRefusals refusals,
      Duration timeout,
      EventExecutor owner,
      RedisShards shards) {
    this.operation = operation;
    this.sentence = sentence;
    this.maxCalls = maxCalls;
    this.refusals = refusals;
    this.timeout = timeout;
    this.owner = owner;
    lane = new RedisLane<>(owner, this::sendWaiting);
    this.shards = shards;
  }

  /** Runs a script on one key; fails with {@link BackplaneException}. */
  <T> CompletionStage<T> run(
      RedisScript script,
      String key,
      Supplier<CommandOutput<String, byte[], T>> output,
      Consumer<CommandArgs<String, byte[]>> arguments) {
    return send(
        new Call<>(key, output) {
          private CommandType type = CommandType.EVALSHA;

          @Override
          AsyncCommand<String, byte[], T> command(CommandOutput<String, byte[], T> output) {
            CommandArgs<String, byte[]> args = Commands.args();
            if (type == CommandType.EVAL) {
              args.add(script.source());
            } else {
              args.add(script.sha1());
            }
            arguments.accept(args.add(1).addKey(key));
            return Commands.command(type, output, args);
          }

          @Override
          boolean prepareRetry(Throwable failure) {
            if (type == CommandType.EVAL || !(failure instanceof RedisNoScriptException)) {
              return false;
            }
            type = CommandType.EVAL; // which loads it as well
            return true;
          }
        });
  }

  /**
   * Sends a command; fails with {@link BackplaneException}.
   *
   * @param key its key; null if any Redis of a cluster can execute it
   */
  <T> CompletionStage<T> send(
      CommandType type,
      @Nullable String key,
      Supplier<CommandOutput<String, byte[], T>> output,
      Consumer<CommandArgs<String, byte[]>> arguments) {
    return send(
        new Call<>(key, output) {
          @Override
          AsyncCommand<String, byte[], T> command(CommandOutput<String, byte[], T> output) {
            CommandArgs<String, byte[]> args = Commands.args();
            arguments.accept(args);
            return Commands.command(type, output, args);
          }

          @Override
          boolean prepareRetry(Throwable failure) {
            return false;
          }
        });
  }

  /** Whether Redis has answered that it is a read-only replica since the last call. */
  boolean wasReadOnly() {
    return lane.wasReadOnly();
  }

  private <T> CompletionStage<T> send(Call<T> call) {
    if (held.incrementAndGet() > maxCalls) {
      call.reject(sentence + "; the backplane is overloaded.");
    } else if (owner.isShuttingDown()) {
      call.reject(refusals.unavailable(sentence));
    } else {
      RedisShard shard = shards.of(call.key);
      if (shard.connection() == null && shard.hasBeenTried()) {
        call.reject(refusals.unavailable(sentence));
      } else {
        lane.add(call);
      }
    }
    return call.result.exceptionally(
        failure -> {
          throw failure instanceof BackplaneException e
              ? e
              : new BackplaneException(sentence + "; the backplane does not answer.", failure);
        });
  }

  /**
   * Sends the calls that wait for the first connection, or rejects them if it failed; any thread.
   */
  void resume() {
    if (!lane.isEmpty()) {
      lane.schedule();
    }
  }

  private void sendWaiting() {
    Map<StatefulConnection<String, byte[]>, List<RedisCommand<String, byte[], ?>>> batches =
        new LinkedHashMap<>();
    List<Call<?>> untried = new ArrayList<>();
    for (Call<?> next; (next = lane.poll()) != null; ) {
      if (next.result.isDone()) {
        held.decrementAndGet(); // it timed out before it was resent
        continue;
      }
      RedisShard shard = shards.of(next.key);
      String askAddress = next.askAddress;
      StatefulConnection<String, byte[]> connection =
          askAddress == null ? shard.connection() : shards.connectionTo(askAddress);
      if (connection != null) {
        begin(next, askAddress, batches.computeIfAbsent(connection, one -> new ArrayList<>()));
      } else if (askAddress != null) {
        next.retryLater();
      } else if (shard.hasBeenTried()) {
        next.reject(refusals.unavailable(sentence));
      } else {
        untried.add(next);
      }
    }
    lane.waiting().addAll(untried);
    batches.forEach(Commands::send);
  }

  /** A call that cannot be encoded is rejected: later ones must not wait forever. */
  @SuppressWarnings("CatchThrowable")
  private void begin(
      Call<?> call, @Nullable String askAddress, List<RedisCommand<String, byte[], ?>> batch) {
    try {
      RedisCommand<String, byte[], ?> command = call.begin(timeout);
      if (askAddress != null) {
        batch.add(Commands.asking());
      }
      batch.add(command);
    } catch (Throwable e) {
      call.reject(e);
    }
  }

  /** One call until Redis has answered, even after its caller's timeout. */
  private abstract class Call<T> {
    final CompletableFuture<T> result = new CompletableFuture<>();
    final @Nullable String key;
    private final Supplier<CommandOutput<String, byte[], T>> output;

    /** The Redis to ask next, to which the key is being migrated. */
    volatile @Nullable String askAddress;

    Call(@Nullable String key, Supplier<CommandOutput<String, byte[], T>> output) {
      this.key = key;
      this.output = output;
    }

    abstract AsyncCommand<String, byte[], T> command(CommandOutput<String, byte[], T> output);

    /** Prepares it to be resent; returns whether that may help. */
    abstract boolean prepareRetry(Throwable failure);

    AsyncCommand<String, byte[], T> begin(Duration timeout) {
      result.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
      AsyncCommand<String, byte[], T> command = command(output.get());
      command.onComplete(this::answered);
      return command;
    }

    private void answered(@Nullable T answer, @Nullable Throwable failure) {
      if (failure != null && !owner.isShuttingDown() && !result.isDone()) {
        if (prepareRetry(failure)) {
          lane.add(this);
          return;
        }
        if (ErrorReply.isRedirect(failure)) {
          askAnother(failure);
          return;
        }
      }
      held.decrementAndGet();
      if (answer != null) {
        refusals.accepted(operation);
        result.complete(answer);
      } else {
        if (failure != null && ErrorReply.isReadOnly(failure)) {
          lane.markReadOnly();
        }
        RedisRefusal reason =
            failure == null || ErrorReply.isRedirect(failure)
                ? null
                : refusals.failed(operation, failure);
        fail(
            reason == null
                ? refusals.unavailable(sentence)
                : refusals.rejected(sentence, operation, reason),
            failure);
      }
    }

    private void askAnother(Throwable failure) {
      askAddress = ErrorReply.askAddress(failure);
      if (askAddress != null) {
        lane.add(this);
      } else {
        retryLater();
      }
    }

    /** Retries when the Redis that has the key may be known. */
    void retryLater() {
      askAddress = null;
      shards.refresh();
      var unused =
          owner.schedule(() -> lane.add(this), REDIRECT_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    void reject(String message) {
      held.decrementAndGet();
      fail(message, null);
    }

    void reject(Throwable cause) {
      held.decrementAndGet();
      fail(refusals.unavailable(sentence), cause);
    }

    private void fail(String message, @Nullable Throwable cause) {
      result.completeExceptionally(new BackplaneException(message, cause));
    }
  }
}

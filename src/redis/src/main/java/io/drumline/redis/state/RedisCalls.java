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
 * Calls of one kind to Redis, bounded in number, on the connections that publish. Each is done once
 * at the most: it is sent again only where a Redis of a cluster says that it has not the key, until
 * the call's time is over. Thread safe; never blocks.
 *
 * <p>Concurrency: callers add to the lane, whose task on the owner sends everything that waits in
 * one flush, in order; Lettuce's I/O thread completes. Where it is not known yet whether Redis can
 * be reached, as at the start, calls wait for that.
 */
public final class RedisCalls {

  /** Until a call is sent again that another Redis of the cluster may have the key of. */
  private static final long MISROUTED_PAUSE_MILLIS = 50;

  private final String refusal;
  private final Operation operation;
  private final RedisRefusals refusals;
  private final int most;
  private final Duration timeout;
  private final EventExecutor owner;
  private final RedisShards shards;

  private final RedisLane<Call<?>> lane;
  private final AtomicInteger held = new AtomicInteger();

  /**
   * @param refusal how the sentence of a failure begins, such as {@code The session cannot be
   *     opened now}
   * @param operation what the calls are about
   * @param most calls that may wait for Redis; what comes beyond them fails at once
   * @param timeout how long Redis may take to answer
   * @param shards where the connections are
   */
  public RedisCalls(
      String refusal,
      Operation operation,
      RedisRefusals refusals,
      int most,
      Duration timeout,
      EventExecutor owner,
      RedisShards shards) {
    this.refusal = refusal;
    this.operation = operation;
    this.refusals = refusals;
    this.most = most;
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
          boolean again(Throwable failure) {
            if (type == CommandType.EVAL || !(failure instanceof RedisNoScriptException)) {
              return false;
            }
            type = CommandType.EVAL; // Redis knows it from then on
            return true;
          }
        });
  }

  /**
   * Sends a command; fails with {@link BackplaneException}.
   *
   * @param key one that it is about; null if any Redis of a cluster takes it
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
          boolean again(Throwable failure) {
            return false;
          }
        });
  }

  /** Whether Redis has said that it is a replica since the last call. */
  public boolean wasReadOnly() {
    return lane.wasReadOnly();
  }

  private <T> CompletionStage<T> send(Call<T> call) {
    if (held.incrementAndGet() > most) {
      call.reject(refusal + "; the backplane is overloaded.");
    } else if (owner.isShuttingDown()) {
      call.reject(refusals.unavailable(refusal));
    } else {
      RedisShard shard = shards.of(call.key);
      if (shard.connection() == null && shard.hasBeenTried()) {
        call.reject(refusals.unavailable(refusal));
      } else {
        lane.add(call);
      }
    }
    return call.result.exceptionally(
        failure -> {
          throw failure instanceof BackplaneException unable
              ? unable
              : new BackplaneException(refusal + "; the backplane does not answer.", failure);
        });
  }

  /** Sends what waits, or rejects it, where it is known by now which; any thread. */
  public void resume() {
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
        held.decrementAndGet(); // its time was over before it was sent again
        continue;
      }
      RedisShard shard = shards.of(next.key);
      String asked = next.asked;
      StatefulConnection<String, byte[]> connection =
          asked == null ? shard.connection() : shards.connectionTo(asked);
      if (connection != null) {
        begin(next, asked, batches.computeIfAbsent(connection, one -> new ArrayList<>()));
      } else if (asked != null) {
        next.retryLater();
      } else if (shard.hasBeenTried()) {
        next.reject(refusals.unavailable(refusal));
      } else {
        untried.add(next);
      }
    }
    lane.waiting().addAll(untried);
    batches.forEach(Commands::send);
  }

  /** One that cannot even be written is refused: those behind it must not wait for ever. */
  @SuppressWarnings("CatchThrowable")
  private void begin(
      Call<?> call, @Nullable String asked, List<RedisCommand<String, byte[], ?>> batch) {
    try {
      RedisCommand<String, byte[], ?> command = call.begin(timeout);
      if (asked != null) {
        batch.add(Commands.asking());
      }
      batch.add(command);
    } catch (Throwable e) {
      call.reject(e);
    }
  }

  /** One call until Redis has answered, whether anyone still waits for it or not. */
  private abstract class Call<T> {
    final CompletableFuture<T> result = new CompletableFuture<>();
    final @Nullable String key;
    private final Supplier<CommandOutput<String, byte[], T>> output;

    /** The Redis to which the key is on its way, where that is to be asked next. */
    volatile @Nullable String asked;

    Call(@Nullable String key, Supplier<CommandOutput<String, byte[], T>> output) {
      this.key = key;
      this.output = output;
    }

    abstract AsyncCommand<String, byte[], T> command(CommandOutput<String, byte[], T> output);

    /** Whether another try may help. */
    abstract boolean again(Throwable failure);

    AsyncCommand<String, byte[], T> begin(Duration timeout) {
      result.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
      AsyncCommand<String, byte[], T> command = command(output.get());
      command.onComplete(this::answered);
      return command;
    }

    private void answered(@Nullable T answer, @Nullable Throwable failure) {
      if (failure != null && !owner.isShuttingDown() && !result.isDone()) {
        if (again(failure)) {
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
                ? refusals.unavailable(refusal)
                : refusals.rejected(refusal, operation, reason),
            failure);
      }
    }

    private void askAnother(Throwable failure) {
      asked = ErrorReply.askAddress(failure);
      if (asked != null) {
        lane.add(this);
      } else {
        retryLater();
      }
    }

    /** When it is known by then who has the key. */
    void retryLater() {
      asked = null;
      shards.refresh();
      var unused =
          owner.schedule(() -> lane.add(this), MISROUTED_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    void reject(String sentence) {
      held.decrementAndGet();
      fail(sentence, null);
    }

    void reject(Throwable cause) {
      held.decrementAndGet();
      fail(refusals.unavailable(refusal), cause);
    }

    private void fail(String sentence, @Nullable Throwable cause) {
      result.completeExceptionally(new BackplaneException(sentence, cause));
    }
  }
}

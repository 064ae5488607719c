package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.SessionStore;
import io.drumline.message.Destination;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.output.ArrayOutput;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.IntegerOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The shared sessions of the cluster: a hash each, opened and stored by a script each, on the
 * connection that publishes.
 *
 * <p>Concurrency: callers add to {@code waiting}; one task on {@code owner} sends everything that
 * waits in one flush; Lettuce's I/O thread completes.
 */
final class RedisSessions implements SessionStore {
  /** Most commands that wait for Redis; what comes beyond them fails. */
  static final int MAX_REQUESTS = 8 * MAX_BATCH;

  private static final RedisScript OPEN = RedisScript.load("session-open.lua");
  private static final RedisScript STORE = RedisScript.load("session-store.lua");

  /** What session-open.lua publishes. */
  private static final Pattern NOTICE = Pattern.compile("opened ([0-9]{1,18}) (.+)");

  private static final String UNAVAILABLE = "the backplane is unavailable.";
  private static final String OVERLOADED = "the backplane is overloaded.";

  private final RedisKeys keys;
  private final String incarnation;
  private final Duration timeout;
  private final EventExecutor owner;
  private final Supplier<@Nullable StatefulConnection<String, byte[]>> link;

  private final Queue<Request<?>> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicInteger held = new AtomicInteger();
  private volatile @Nullable Listener listener;
  private volatile boolean readOnly;

  /**
   * @param incarnation of this node, on whose channel it is told of sessions that others open
   * @param timeout how long Redis may take to answer
   * @param link the connection, or null while there is none
   */
  RedisSessions(
      RedisKeys keys,
      String incarnation,
      Duration timeout,
      EventExecutor owner,
      Supplier<@Nullable StatefulConnection<String, byte[]>> link) {
    this.keys = keys;
    this.incarnation = incarnation;
    this.timeout = timeout;
    this.owner = owner;
    this.link = link;
  }

  @Override
  public void listen(Listener listener) {
    this.listener = listener;
  }

  @Override
  public CompletionStage<Opening> open(String clientId, String user, Duration timeToLive) {
    return send(
            OPEN,
            keys.session(clientId),
            () -> new ArrayOutput<>(RedisConnector.CODEC),
            args ->
                args.add(user)
                    .add(incarnation)
                    .add(timeToLive.toMillis())
                    .add(keys.node(""))
                    .add(clientId))
        .thenApply(RedisSessions::opening);
  }

  private static Opening opening(List<Object> answer) {
    long generation = (Long) answer.get(0);
    if (generation == 0) {
      return new Foreign();
    }
    Map<Destination, String> positions = new HashMap<>();
    for (int i = 2; i + 1 < answer.size(); i += 2) {
      positions.put(Destination.parse(text(answer.get(i))), text(answer.get(i + 1)));
    }
    return new Opened(generation, (Long) answer.get(1) == 1, positions);
  }

  private static String text(Object octets) {
    return new String((byte[]) octets, UTF_8);
  }

  @Override
  public CompletionStage<List<Outcome>> store(List<Update> batch, Duration timeToLive) {
    List<CompletableFuture<Outcome>> outcomes = new ArrayList<>(batch.size());
    for (Update update : batch) {
      outcomes.add(store(update, timeToLive).toCompletableFuture());
    }
    return CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new))
        .thenApply(done -> outcomes.stream().map(CompletableFuture::join).toList());
  }

  private CompletionStage<Outcome> store(Update update, Duration timeToLive) {
    return send(
            STORE,
            keys.session(update.clientId()),
            () -> new IntegerOutput<>(RedisConnector.CODEC),
            args -> {
              args.add(update.generation())
                  .add(update.user())
                  .add(incarnation)
                  .add(timeToLive.toMillis())
                  .add(update.forgotten().size());
              update.forgotten().forEach(destination -> args.add(destination.value()));
              update
                  .positions()
                  .forEach((destination, position) -> args.add(destination.value()).add(position));
            })
        .handle(
            (answer, failure) -> {
              if (answer == null) {
                return Outcome.FAILED;
              }
              return switch (answer.intValue()) {
                case 0 -> Outcome.FENCED;
                case 2 -> Outcome.RESTORED;
                default -> Outcome.STORED;
              };
            });
  }

  /** Takes what arrives on the node's channel, on Lettuce's I/O thread. */
  void noticed(byte[] octets) {
    Matcher notice = NOTICE.matcher(new String(octets, UTF_8));
    Listener told = listener;
    if (told != null && notice.matches()) {
      told.opened(notice.group(2), Long.parseLong(notice.group(1)));
    }
  }

  /** Whether Redis has said that it is a replica since the last call. */
  boolean wasReadOnly() {
    boolean was = readOnly;
    readOnly = false;
    return was;
  }

  private <T> CompletionStage<T> send(
      RedisScript script,
      String key,
      Supplier<CommandOutput<String, byte[], T>> output,
      Consumer<CommandArgs<String, byte[]>> arguments) {
    Request<T> request = new Request<>(script, key, output, arguments);
    if (held.incrementAndGet() > MAX_REQUESTS) {
      request.reject(OVERLOADED);
    } else if (link.get() == null || owner.isShuttingDown()) {
      request.reject(UNAVAILABLE);
    } else {
      enqueue(request);
    }
    return request.result.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void enqueue(Request<?> request) {
    waiting.add(request);
    if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
      owner.execute(this::drain);
    }
  }

  private void drain() {
    scheduled.set(false);
    StatefulConnection<String, byte[]> connection = link.get();
    List<RedisCommand<String, byte[], ?>> batch = new ArrayList<>();
    for (Request<?> next; (next = waiting.poll()) != null; ) {
      if (connection == null) {
        next.reject(UNAVAILABLE);
      } else {
        batch.add(next.command());
      }
    }
    if (connection != null && !batch.isEmpty()) {
      connection.dispatch(batch);
    }
  }

  /** One run of a script until Redis has answered, whether anyone still waits for it or not. */
  private final class Request<T> {
    final CompletableFuture<T> result = new CompletableFuture<>();
    private final RedisScript script;
    private final String key;
    private final Supplier<CommandOutput<String, byte[], T>> output;
    private final Consumer<CommandArgs<String, byte[]>> arguments;
    private boolean whole;

    Request(
        RedisScript script,
        String key,
        Supplier<CommandOutput<String, byte[], T>> output,
        Consumer<CommandArgs<String, byte[]>> arguments) {
      this.script = script;
      this.key = key;
      this.output = output;
      this.arguments = arguments;
    }

    AsyncCommand<String, byte[], T> command() {
      CommandArgs<String, byte[]> args = new CommandArgs<>(RedisConnector.CODEC);
      if (whole) {
        args.add(script.source());
      } else {
        args.add(script.sha1());
      }
      arguments.accept(args.add(1).addKey(key));
      AsyncCommand<String, byte[], T> command =
          new AsyncCommand<>(
              new Command<>(whole ? CommandType.EVAL : CommandType.EVALSHA, output.get(), args));
      command.onComplete(this::answered);
      return command;
    }

    private void answered(@Nullable T answer, @Nullable Throwable failure) {
      if (failure instanceof RedisNoScriptException && !whole && !owner.isShuttingDown()) {
        whole = true; // Redis knows it from then on
        enqueue(this);
        return;
      }
      held.decrementAndGet();
      if (answer != null) {
        result.complete(answer);
      } else {
        if (failure != null && RedisScript.isReadOnly(failure)) {
          readOnly = true;
        }
        fail(UNAVAILABLE, failure);
      }
    }

    void reject(String reason) {
      held.decrementAndGet();
      fail(reason, null);
    }

    private void fail(String reason, @Nullable Throwable cause) {
      result.completeExceptionally(
          new BackplaneException("The session cannot be opened now: " + reason, cause));
    }
  }
}

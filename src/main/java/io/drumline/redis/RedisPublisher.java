package io.drumline.redis;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.MessageIds;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Position;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisReadOnlyException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends publications to Redis, pipelined, in the order in which they came, each at most once.
 *
 * <p>Concurrency: callers add to {@code waiting}; one task on {@code owner} sends everything that
 * waits in one flush; Lettuce's I/O thread completes. After a NOSCRIPT nothing is sent until
 * everything sent before is answered, so that what is sent again does not fall behind what came
 * later.
 */
final class RedisPublisher {
  private static final int BATCH = 512;
  private static final long META_SECONDS = Duration.ofDays(7).toSeconds();
  private static final RedisScript SCRIPT = RedisScript.load("publish.lua");

  private static final String UNAVAILABLE =
      "The message was not accepted: the backplane is unavailable.";
  private static final String OVERLOADED =
      "The message was not accepted: the backplane is overloaded.";
  private static final String REFUSED = "The message was not accepted: the backplane refused it.";
  private static final String TIMED_OUT =
      "It is not known whether the message was accepted: the backplane did not answer in time.";
  private static final String LOST =
      "It is not known whether the message was accepted: the connection to the backplane was lost.";

  private final RedisKeys keys;
  private final RedisProperties properties;
  private final MessageIds ids;
  private final RedisMetrics metrics;
  private final EventExecutor owner;
  private final Supplier<@Nullable StatefulConnection<String, byte[]>> link;

  private final Queue<Request> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /** What is held until Redis has answered, timed out or not. */
  private final AtomicInteger heldRequests = new AtomicInteger();

  private final AtomicLong heldOctets = new AtomicLong();

  /** In the order sent; those answered leave when they are at the head. Owner's. */
  private final ArrayDeque<Request> sent = new ArrayDeque<>();

  private final AtomicInteger unanswered = new AtomicInteger();
  private final Queue<Request> again = new ConcurrentLinkedQueue<>();

  /** Destinations with a publication that overtook one of {@link #again}. */
  private final Set<Destination> overtaken = ConcurrentHashMap.newKeySet();

  private volatile boolean scriptMissing;
  private volatile boolean readOnly;

  /**
   * @param link the connection, or null while there is none
   */
  RedisPublisher(
      RedisKeys keys,
      RedisProperties properties,
      MessageIds ids,
      RedisMetrics metrics,
      EventExecutor owner,
      Supplier<@Nullable StatefulConnection<String, byte[]>> link) {
    this.keys = keys;
    this.properties = properties;
    this.ids = ids;
    this.metrics = metrics;
    this.owner = owner;
    this.link = link;
  }

  /** As {@link io.drumline.backplane.Backplane#publish}. */
  CompletionStage<String> publish(Draft draft) {
    Request request = new Request(draft);
    int requests = heldRequests.incrementAndGet();
    long octets = heldOctets.addAndGet(request.payload.length);
    if (link.get() == null || owner.isShuttingDown()) {
      request.reject(UNAVAILABLE);
    } else if (requests > properties.requestQueue()
        || octets > properties.requestQueueSize().toBytes()) {
      request.reject(OVERLOADED);
    } else {
      waiting.add(request);
      schedule();
    }
    return request.result;
  }

  private void schedule() {
    if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
      owner.execute(this::drain);
    }
  }

  /** Makes a new connection ready: Redis knows the script. */
  CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    AsyncCommand<String, byte[], String> load = loadScript();
    connection.dispatch(load);
    return load.orTimeout(properties.commandTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  private static AsyncCommand<String, byte[], String> loadScript() {
    return new AsyncCommand<>(
        new Command<>(
            CommandType.SCRIPT,
            new StatusOutput<>(RedisConnector.CODEC),
            new CommandArgs<>(RedisConnector.CODEC).add("LOAD").add(SCRIPT.source())));
  }

  private void drain() {
    scheduled.set(false);
    StatefulConnection<String, byte[]> connection = link.get();
    if (connection == null) {
      rejectAll();
      return;
    }
    if (scriptMissing) {
      if (unanswered.get() > 0) {
        return; // the last answer comes back here
      }
      sendAgain(connection);
    }
    while (!waiting.isEmpty() && !scriptMissing) {
      List<RedisCommand<String, byte[], ?>> batch = new ArrayList<>();
      for (Request next; batch.size() < BATCH && (next = waiting.poll()) != null; ) {
        addTo(batch, next);
      }
      connection.dispatch(batch);
    }
    forgetAnswered();
  }

  private void sendAgain(StatefulConnection<String, byte[]> connection) {
    scriptMissing = false;
    List<RedisCommand<String, byte[], ?>> batch = new ArrayList<>();
    batch.add(loadScript());
    for (Request next; (next = again.poll()) != null; ) {
      // Another node loaded the script in the meantime, and a later message came through.
      if (overtaken.contains(next.destination)) {
        next.reject(UNAVAILABLE);
      } else {
        addTo(batch, next);
      }
    }
    overtaken.clear();
    connection.dispatch(batch);
  }

  private void addTo(List<RedisCommand<String, byte[], ?>> batch, Request request) {
    if (request.result.isDone()) {
      request.release(); // it timed out while it waited
      return;
    }
    unanswered.incrementAndGet();
    sent.add(request);
    AsyncCommand<String, byte[], Position> command = request.command();
    command.onComplete(request::answered);
    batch.add(command);
  }

  /** Rejects what waits; called by the owner when the connection is gone or the node closes. */
  void rejectAll() {
    for (Request next; (next = again.poll()) != null; ) {
      next.reject(UNAVAILABLE);
    }
    for (Request next; (next = waiting.poll()) != null; ) {
      next.reject(UNAVAILABLE);
    }
  }

  /** Fails what Redis has not answered in time; called by the owner several times a second. */
  void expire() {
    long now = System.nanoTime();
    for (Request next; (next = sent.peek()) != null && next.over(now); ) {
      sent.poll();
      next.fail(TIMED_OUT, null);
    }
    for (Request next; (next = waiting.peek()) != null && next.over(now); ) {
      waiting.poll();
      next.reject(UNAVAILABLE);
    }
  }

  private void forgetAnswered() {
    for (Request next; (next = sent.peek()) != null && next.result.isDone(); ) {
      sent.poll();
    }
  }

  /** Whether Redis has said that it is a replica since the last call. */
  boolean wasReadOnly() {
    boolean was = readOnly;
    readOnly = false;
    return was;
  }

  /** One publication until Redis has answered. */
  private final class Request {
    final Destination destination;
    final byte[] payload;
    final CompletableFuture<String> result = new CompletableFuture<>();
    private final String id = ids.next();
    private final long time = System.currentTimeMillis();
    private final long begun = System.nanoTime();

    Request(Draft draft) {
      destination = draft.destination();
      payload =
          destination.ordered()
              ? Envelope.tail(draft, id, time)
              : Envelope.ephemeral(draft, id, time);
    }

    AsyncCommand<String, byte[], Position> command() {
      CommandArgs<String, byte[]> args = new CommandArgs<>(RedisConnector.CODEC);
      if (!destination.ordered()) {
        args.addKey(keys.channel(destination)).addValue(payload);
        return new AsyncCommand<>(new Command<>(CommandType.PUBLISH, new PositionOutput(), args));
      }
      args.add(SCRIPT.sha1())
          .add(2)
          .addKey(keys.meta(destination))
          .addKey(keys.channel(destination))
          .add(ids.newEpoch(destination))
          .add(id)
          .addValue(payload)
          .add(TimeUnit.MILLISECONDS.toSeconds(time))
          .add(META_SECONDS);
      return new AsyncCommand<>(new Command<>(CommandType.EVALSHA, new PositionOutput(), args));
    }

    /** On Lettuce's I/O thread, in the order sent. */
    void answered(@Nullable Position position, @Nullable Throwable failure) {
      if (failure instanceof RedisNoScriptException) {
        again.add(this);
        scriptMissing = true;
      } else {
        release();
        if (position != null) {
          accept(position);
        } else if (failure instanceof RedisCommandExecutionException) {
          if (isReadOnly(failure)) {
            readOnly = true;
          }
          fail(REFUSED, failure);
        } else {
          fail(LOST, failure);
        }
      }
      if (unanswered.decrementAndGet() == 0 && scriptMissing) {
        schedule();
      }
    }

    private void accept(Position position) {
      if (scriptMissing && destination.ordered()) {
        overtaken.add(destination);
      }
      metrics.publish.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
      result.complete(position.messageId(id));
    }

    boolean over(long now) {
      return result.isDone() || now - begun > properties.commandTimeout().toNanos();
    }

    void reject(String message) {
      release();
      fail(message, null);
    }

    void release() {
      heldRequests.decrementAndGet();
      heldOctets.addAndGet(-payload.length);
    }

    void fail(String message, @Nullable Throwable cause) {
      if (result.completeExceptionally(new BackplaneException(message, cause))) {
        metrics.publishFailures.increment();
      }
    }
  }

  /** Redis 6 wraps the script's error, Redis 7 does not. */
  private static boolean isReadOnly(Throwable failure) {
    return failure instanceof RedisReadOnlyException
        || String.valueOf(failure.getMessage()).contains("-READONLY");
  }
}

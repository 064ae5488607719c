package io.drumline.redis.history;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.History;
import io.drumline.redis.command.AskCheck;
import io.drumline.redis.command.Commands;
import io.drumline.redis.command.ErrorReply;
import io.drumline.redis.command.RedisLane;
import io.drumline.redis.command.ScriptLoader;
import io.drumline.redis.connection.Topology;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.status.Operation;
import io.drumline.redis.status.RedisMetrics;
import io.drumline.redis.status.RedisRefusal;
import io.drumline.redis.status.RedisRefusals;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.AsyncCommand;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads history from Redis, on the publishing connection. A page may have a megabyte, so only a few
 * reads are in flight at a time; the others wait.
 *
 * <p>Concurrency: callers add to the lane, whose task on the owner sends; Lettuce's I/O thread
 * completes.
 */
public final class RedisReader {
  private static final int AT_A_TIME = 32;

  private static final String NOT_READ = "The history cannot be read";
  private static final String OVERLOADED =
      "The history cannot be read; the backplane is overloaded.";
  private static final String TIMED_OUT =
      "The history cannot be read; the backplane did not answer in time.";

  private final ReadScript script;
  private final RedisSettings settings;
  private final RedisMetrics metrics;
  private final RedisRefusals refusals;
  private final Supplier<@Nullable StatefulConnection<String, byte[]>> link;
  private final Topology topology;

  private final RedisLane<Read> lane;
  private final ScriptLoader loader;
  private final AtomicInteger held = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();

  /** In the order sent; completed ones are removed when they reach the head. Owner's thread. */
  private final ArrayDeque<Read> sent = new ArrayDeque<>();

  /**
   * @param link the connection, or null while there is none
   * @param topology is notified that another Redis has the keys, and finds connections to others
   */
  public RedisReader(
      ReadScript script,
      RedisSettings settings,
      RedisMetrics metrics,
      RedisRefusals refusals,
      EventExecutor owner,
      Supplier<@Nullable StatefulConnection<String, byte[]>> link,
      Topology topology) {
    this.script = script;
    this.settings = settings;
    this.metrics = metrics;
    this.refusals = refusals;
    lane = new RedisLane<>(owner, this::send);
    loader =
        new ScriptLoader(
            script.source(),
            settings.commandTimeout(),
            failure -> refusals.failed(Operation.READ, failure));
    this.link = link;
    this.topology = topology;
  }

  /** As {@link io.drumline.backplane.Backplane#read}. */
  public CompletionStage<History> read(PageRequest request) {
    Read read = new Read(request);
    if (held.incrementAndGet() > settings.requestQueue()) {
      read.fail(OVERLOADED, null);
    } else if (link.get() == null || lane.isClosed()) {
      read.fail(refusals.unavailable(NOT_READ), null);
    } else {
      lane.add(read);
    }
    return read.result;
  }

  /** Prepares a new connection by loading the script into Redis. */
  public CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    return loader.prepare(connection);
  }

  private void send() {
    StatefulConnection<String, byte[]> connection = link.get();
    if (connection == null) {
      rejectWaiting();
      return;
    }
    loader.loadIfMissing(connection);
    while (unanswered.get() < AT_A_TIME) {
      Read next = lane.poll();
      if (next == null) {
        break;
      }
      next.send(connection);
    }
    forgetAnswered();
  }

  /** Fails reads that were not sent; called by the owner when the connection is lost. */
  public void rejectWaiting() {
    for (Read next; (next = lane.poll()) != null; ) {
      next.fail(refusals.unavailable(NOT_READ), null);
    }
  }

  /** Fails reads that timed out; called by the owner several times a second. */
  public void expire() {
    long oldest = System.nanoTime() - settings.commandTimeout().toNanos();
    forgetAnswered();
    for (Read next; (next = sent.peek()) != null && next.begun - oldest < 0; ) {
      sent.poll();
      next.fail(TIMED_OUT, null);
    }
  }

  private void forgetAnswered() {
    for (Read next; (next = sent.peek()) != null && next.result.isDone(); ) {
      sent.poll();
    }
  }

  /** One requested page. */
  private final class Read {
    final CompletableFuture<History> result = new CompletableFuture<>();
    private final PageRequest request;
    volatile long begun;

    /** The Redis to ask, to which the slot is being migrated; else null. */
    private volatile @Nullable String askAddress;

    Read(PageRequest request) {
      this.request = request;
    }

    /** A read whose command cannot be created fails at once: it would never be answered. */
    @SuppressWarnings("CatchThrowable")
    void send(StatefulConnection<String, byte[]> usual) {
      String address = askAddress;
      StatefulConnection<String, byte[]> connection =
          address == null ? usual : topology.connectionTo(address);
      if (connection == null) {
        redirected(null);
        return;
      }
      begun = System.nanoTime();
      AsyncCommand<String, byte[], History> command;
      try {
        command = address == null ? script.command(request) : script.asking(request);
      } catch (Throwable e) {
        fail(refusals.unavailable(NOT_READ), e);
        return;
      }
      unanswered.incrementAndGet(); // only if there is a command to answer
      sent.add(this);
      command.onComplete(this::answered);
      Commands.send(
          connection, address == null ? List.of(command) : List.of(Commands.asking(), command));
    }

    /** On Lettuce's I/O thread. */
    private void answered(@Nullable History history, @Nullable Throwable failure) {
      if (askAddress == null && ErrorReply.askAddress(failure) != null && !result.isDone()) {
        var unused =
            AskCheck.haveLeft(link.get(), () -> script.keys(request.destination()))
                .thenAccept(left -> checkedAsk(left, failure));
        return;
      }
      try {
        if (history != null) {
          metrics.read(System.nanoTime() - begun);
          refusals.accepted(Operation.READ);
          if (result.complete(history)) {
            held.decrementAndGet();
          }
        } else if (failure instanceof RedisNoScriptException && !result.isDone()) {
          loader.markMissing();
          lane.waiting().add(this);
        } else if (failure != null && ErrorReply.isRedirect(failure)) {
          redirected(failure);
        } else {
          RedisRefusal reason = refusals.failed(Operation.READ, failure);
          fail(
              reason == null
                  ? refusals.unavailable(NOT_READ)
                  : refusals.rejected(NOT_READ, Operation.READ, reason),
              failure);
        }
      } finally {
        settled(); // otherwise its place would be lost
      }
    }

    /** The ASK has been verified or not; on Lettuce's I/O thread. */
    private void checkedAsk(boolean left, @Nullable Throwable failure) {
      try {
        if (left) {
          askAddress = ErrorReply.askAddress(failure);
          lane.waiting().add(this);
        } else {
          redirected(failure);
        }
      } finally {
        settled();
      }
    }

    private void redirected(@Nullable Throwable failure) {
      fail(refusals.unavailable(NOT_READ), failure);
      topology.refresh();
    }

    private void settled() {
      unanswered.decrementAndGet();
      if (!lane.isEmpty()) {
        lane.schedule();
      }
    }

    void fail(String message, @Nullable Throwable cause) {
      if (result.completeExceptionally(new BackplaneException(message, cause))) {
        held.decrementAndGet();
        metrics.readFailed();
      }
    }
  }
}

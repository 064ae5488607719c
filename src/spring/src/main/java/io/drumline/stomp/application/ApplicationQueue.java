package io.drumline.stomp.application;

import io.drumline.hub.Connection;
import io.drumline.hub.Pause;
import io.drumline.loop.Mailbox;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.TaskGuard;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.CloseCode;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.codec.StompException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * Bytes of frames that all sessions of the node have passed to application code and that are not
 * processed yet. Beyond the limit, reading from a client that passes more pauses until half of the
 * limit is left. Frames that it has already sent are accepted up to twice the limit, and rejected
 * beyond.
 *
 * <p>Concurrency: sessions add on their event loops; the application's threads subtract. {@code
 * held} has its own lock, which is never held while waiting.
 */
public final class ApplicationQueue {
  /**
   * Sessions that may wait for a thread of the pool: the default connection limit of a node. Each
   * session waits only once, regardless of its number of tasks.
   */
  public static final int MOST_WAITING = 100_000;

  private static final Duration AGAIN = Duration.ofMillis(100);

  private final Executor pool;
  private final TaskGuard guard;
  private final NodeTimer timer;
  private final Executor later;
  private final long limit;
  private final ThrottledLog log =
      new ThrottledLog(LoggerFactory.getLogger(ApplicationQueue.class));
  private final AtomicLong bytes = new AtomicLong();
  private final Set<Client> held = new LinkedHashSet<>();
  private final Counter pauses;
  private final Counter refusals;

  /**
   * @param pool runs application code
   * @param limit in bytes
   * @param guard counts exceptions of application code that Spring does not handle
   * @param timer retries tasks that the pool rejected but that must run
   */
  public ApplicationQueue(
      Executor pool, long limit, MeterRegistry registry, TaskGuard guard, NodeTimer timer) {
    this.pool = pool;
    this.guard = guard;
    this.timer = timer;
    this.later = task -> timer.after(AGAIN, guard, task);
    this.limit = limit;
    Gauge.builder("drumline.inbound.bytes", bytes, AtomicLong::get)
        .description("Bytes of frames that wait for application code, or are in its hands")
        .register(registry);
    Gauge.builder("drumline.inbound.limit.bytes", () -> limit)
        .description("Bytes beyond which clients that send to application code are not read from")
        .register(registry);
    Gauge.builder("drumline.inbound.paused", this, ApplicationQueue::heldCount)
        .description("Connections that are not read from because application code is behind")
        .register(registry);
    Gauge.builder("drumline.inbound.waiting", pool, ApplicationQueue::waiting)
        .description("Sessions that wait for a thread of application code")
        .register(registry);
    pauses =
        Counter.builder("drumline.inbound.pauses")
            .description("Times that a connection was not read from any more for it")
            .register(registry);
    refusals =
        Counter.builder("drumline.inbound.refused")
            .description("Frames that were refused because application code was too far behind")
            .register(registry);
  }

  /** Returns the mailbox that runs one client's tasks in order. */
  private Mailbox mailbox(Client client) {
    Mailbox mailbox = client.application();
    if (mailbox == null) {
      mailbox = new Mailbox(pool, guard, later);
      client.application(mailbox);
    }
    return mailbox;
  }

  /**
   * Adds a task that processes a frame of this size.
   *
   * @throws StompException if too much waits already
   */
  void add(Client client, int size, Runnable task) {
    if (bytes.get() >= 2 * limit) {
      refusals.increment();
      throw busy();
    }
    try {
      enqueue(client, size, task);
    } catch (RejectedExecutionException full) {
      refusals.increment();
      throw busy();
    }
    if (bytes.get() > limit) {
      pause(client);
    }
  }

  /**
   * Adds a task that must run regardless of the limit; a session has few of them. If the pool is
   * full, it is added later, and later tasks may then run first.
   */
  void addSurely(Client client, int size, Runnable task) {
    try {
      enqueue(client, size, task);
    } catch (RejectedExecutionException e) {
      refusals.increment();
      log.warn(
          "full",
          "The executor of application code (clientInboundChannelExecutor) takes no more tasks: an"
              + " event of session {} waits. Give it more threads, or make its handlers faster",
          client.id());
      timer.after(AGAIN, guard, () -> addSurely(client, size, task));
    }
  }

  private void enqueue(Client client, int size, Runnable task) {
    bytes.addAndGet(size);
    try {
      mailbox(client)
          .execute(
              () -> {
                try {
                  task.run();
                } finally {
                  done(size);
                }
              });
    } catch (RuntimeException | Error e) {
      done(size);
      throw e;
    }
  }

  private void done(int size) {
    if (bytes.addAndGet(-size) <= limit / 2) {
      resumeNext();
    }
  }

  private void pause(Client client) {
    client.connection().pause(Pause.APPLICATION);
    synchronized (held) {
      if (held.add(client)) {
        pauses.increment();
      }
    }
    if (bytes.get() <= limit / 2) {
      resumeNext(); // all tasks ended meanwhile, so none would resume it
    }
  }

  /**
   * Resumes reading from the session that has waited longest, and then, on its event loop, from the
   * next one: if frames of the first fill the queue again, the others stay paused.
   */
  private void resumeNext() {
    Client next = first();
    if (next == null) {
      return;
    }
    Connection connection = next.connection();
    connection.execute(
        () -> {
          connection.goOn(Pause.APPLICATION);
          if (bytes.get() <= limit / 2) {
            resumeNext();
          }
        });
  }

  private @Nullable Client first() {
    synchronized (held) {
      Iterator<Client> waiting = held.iterator();
      if (!waiting.hasNext()) {
        return null;
      }
      Client first = waiting.next();
      waiting.remove();
      return first;
    }
  }

  /** Removes a session whose connection has ended. */
  void forget(Client client) {
    synchronized (held) {
      held.remove(client);
    }
  }

  private int heldCount() {
    synchronized (held) {
      return held.size();
    }
  }

  private static int waiting(Executor pool) {
    return pool instanceof ThreadPoolTaskExecutor threads ? threads.getQueueSize() : 0;
  }

  private static StompException busy() {
    return new StompException(
        "The server is too busy; try again later.", null, CloseCode.TRY_AGAIN_LATER);
  }
}

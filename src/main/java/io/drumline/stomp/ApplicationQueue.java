package io.drumline.stomp;

import io.drumline.hub.Connection;
import io.drumline.hub.Connection.Pause;
import io.drumline.message.CloseCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What all sessions of the node have handed to application code and is not done yet, counted in
 * octets. Beyond the limit, whoever hands over more is not read from until half of it is left. What
 * such a client has sent already is still taken, up to twice the limit; the rest is refused.
 *
 * <p>Concurrency: sessions add on their event loops; the application's threads count off. {@code
 * held} has a lock of its own, which nobody holds while he waits for anything.
 */
final class ApplicationQueue {
  private final Executor pool;
  private final long limit;
  private final AtomicLong octets = new AtomicLong();
  private final Set<StompSession> held = new LinkedHashSet<>();
  private final Counter pauses;
  private final Counter refusals;

  /**
   * @param pool runs the application's code
   * @param limit in octets
   */
  ApplicationQueue(Executor pool, long limit, MeterRegistry registry) {
    this.pool = pool;
    this.limit = limit;
    Gauge.builder("drumline.inbound.bytes", octets, AtomicLong::get)
        .description("Octets of frames that wait for application code, or are in its hands")
        .register(registry);
    Gauge.builder("drumline.inbound.limit.bytes", () -> limit)
        .description("Octets beyond which who sends more to application code is not read from")
        .register(registry);
    Gauge.builder("drumline.inbound.paused", this, ApplicationQueue::heldCount)
        .description("Connections that are not read from because application code is behind")
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

  /** An executor that runs one session's tasks in order. */
  SerialExecutor serial() {
    return new SerialExecutor(pool);
  }

  /**
   * Hands a task over that serves a frame of this size.
   *
   * @throws StompException if too much waits already
   */
  void add(StompSession session, int size, Runnable task) {
    if (octets.get() >= 2 * limit) {
      refusals.increment();
      throw busy();
    }
    try {
      enqueue(session, size, task);
    } catch (RejectedExecutionException full) {
      refusals.increment();
      throw busy();
    }
    if (octets.get() > limit) {
      pause(session);
    }
  }

  /**
   * Hands a task over that the application must not miss, whatever waits; a session has few of
   * them.
   *
   * @throws RejectedExecutionException if the pool takes nothing any more
   */
  void addSurely(StompSession session, int size, Runnable task) {
    enqueue(session, size, task);
  }

  private void enqueue(StompSession session, int size, Runnable task) {
    octets.addAndGet(size);
    try {
      session
          .application()
          .execute(
              () -> {
                try {
                  task.run();
                } finally {
                  done(size);
                }
              });
    } catch (RejectedExecutionException full) {
      done(size);
      throw full;
    }
  }

  private void done(int size) {
    if (octets.addAndGet(-size) <= limit / 2) {
      resumeNext();
    }
  }

  private void pause(StompSession session) {
    session.connection().pause(Pause.APPLICATION);
    synchronized (held) {
      if (held.add(session)) {
        pauses.increment();
      }
    }
    if (octets.get() <= limit / 2) {
      resumeNext(); // all was done meanwhile, and nothing comes that would see to it
    }
  }

  /**
   * Lets the session that waits longest be read from. It brings the next one, once its event loop
   * has come to it: if what the first have sent fills the queue again, the others stay.
   */
  private void resumeNext() {
    StompSession next = first();
    if (next == null) {
      return;
    }
    Connection connection = next.connection();
    connection.execute(
        () -> {
          connection.goOn(Pause.APPLICATION);
          if (octets.get() <= limit / 2) {
            resumeNext();
          }
        });
  }

  private @Nullable StompSession first() {
    synchronized (held) {
      Iterator<StompSession> waiting = held.iterator();
      if (!waiting.hasNext()) {
        return null;
      }
      StompSession first = waiting.next();
      waiting.remove();
      return first;
    }
  }

  /** The session's socket has ended. */
  void forget(StompSession session) {
    synchronized (held) {
      held.remove(session);
    }
  }

  private int heldCount() {
    synchronized (held) {
      return held.size();
    }
  }

  private static StompException busy() {
    return new StompException(
        "The server is too busy: try again later.", null, CloseCode.TRY_AGAIN_LATER);
  }
}

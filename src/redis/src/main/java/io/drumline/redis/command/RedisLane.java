package io.drumline.redis.command;

import io.netty.util.concurrent.EventExecutor;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A queue of one kind of requests to Redis. Any thread adds requests; one task on the backplane's
 * thread takes the queued ones, in order, so that they are sent in few flushes. The sender must
 * bound the queue.
 *
 * <p>Concurrency: a request is queued before the task is scheduled, and the task clears its
 * scheduled flag before it reads the queue, so that no request is left behind.
 */
public final class RedisLane<R> {
  private final EventExecutor owner;
  private final Runnable sender;
  private final Queue<R> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicBoolean readOnly = new AtomicBoolean();

  /**
   * @param owner the backplane's thread
   * @param sender sends queued requests as far as possible; runs on {@code owner}
   */
  public RedisLane(EventExecutor owner, Runnable sender) {
    this.owner = owner;
    this.sender = sender;
  }

  /** Adds a request and schedules the sender; any thread. */
  public void add(R request) {
    waiting.add(request);
    schedule();
  }

  /** Schedules the sender; any thread. */
  public void schedule() {
    if (!scheduled.get() && !owner.isShuttingDown() && scheduled.compareAndSet(false, true)) {
      owner.execute(this::send);
    }
  }

  private void send() {
    scheduled.set(false);
    sender.run();
  }

  /** Whether sending has ended; any thread. */
  public boolean isClosed() {
    return owner.isShuttingDown();
  }

  public boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Takes the first request; null if the queue is empty. */
  public @Nullable R poll() {
    return waiting.poll();
  }

  /** All queued requests, in order. Requests added here are sent when the sender runs next. */
  public Queue<R> waiting() {
    return waiting;
  }

  /** Redis has rejected a write of the lane because it is a replica; any thread. */
  public void markReadOnly() {
    readOnly.set(true);
  }

  /** Whether {@link #markReadOnly} was called since the last call; any thread. */
  public boolean wasReadOnly() {
    return readOnly.get() && readOnly.getAndSet(false);
  }
}

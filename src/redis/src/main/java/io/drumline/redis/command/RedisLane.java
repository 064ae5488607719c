package io.drumline.redis.command;

import io.netty.util.concurrent.EventExecutor;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Requests of one kind that wait to be sent to Redis. Any thread adds; one task on the backplane's
 * thread takes what waits, in order, so that it goes out in few flushes. How many may wait is the
 * sender's to bound.
 *
 * <p>Concurrency: a request is in the queue before the task is scheduled, and the task counts as
 * not scheduled before it looks into the queue: none is left behind.
 */
public final class RedisLane<R> {
  private final EventExecutor owner;
  private final Runnable sender;
  private final Queue<R> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicBoolean readOnly = new AtomicBoolean();

  /**
   * @param owner the backplane's thread
   * @param sender sends what waits, as far as it can be sent now; runs on {@code owner}
   */
  public RedisLane(EventExecutor owner, Runnable sender) {
    this.owner = owner;
    this.sender = sender;
  }

  /** Adds a request, and has it sent; any thread. */
  public void add(R request) {
    waiting.add(request);
    schedule();
  }

  /** Has the sender run soon; any thread. */
  public void schedule() {
    if (!scheduled.get() && !owner.isShuttingDown() && scheduled.compareAndSet(false, true)) {
      owner.execute(this::send);
    }
  }

  private void send() {
    scheduled.set(false);
    sender.run();
  }

  /** Whether nothing is sent any more; any thread. */
  public boolean isClosed() {
    return owner.isShuttingDown();
  }

  public boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Takes the first one; null if none waits. */
  public @Nullable R poll() {
    return waiting.poll();
  }

  /** All that wait, in order. What is added here is sent the next time that the sender runs. */
  public Queue<R> waiting() {
    return waiting;
  }

  /** Redis has refused a write of the lane, as it is a replica; any thread. */
  public void markReadOnly() {
    readOnly.set(true);
  }

  /** Whether that was so since the last call; any thread. */
  public boolean wasReadOnly() {
    return readOnly.get() && readOnly.getAndSet(false);
  }
}

package io.drumline.loop;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks in order, one at a time, on a pool shared with other mailboxes. It occupies at most
 * one place in the pool's queue, and is fair: after {@value #MAX_TASKS} tasks or 1 ms it is queued
 * again behind the others, so that a few busy mailboxes cannot block all threads. A task that
 * throws is counted and logged, and the next one runs. Any thread.
 */
public final class Mailbox implements Executor {
  static final int MAX_TASKS = 32;
  static final long MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Executor pool;
  private final TaskGuard guard;
  private final Executor later;
  private final LongSupplier nanos;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>(2);

  /** Whether a turn is running or queued in the pool; guarded by {@code tasks}. */
  private boolean scheduled;

  /**
   * @param pool runs the tasks; the owner must bound the tasks queued here
   * @param guard counts tasks that throw
   * @param later runs its argument after a moment; used when the pool has rejected the mailbox
   *     while other tasks were already queued in it
   */
  public Mailbox(Executor pool, TaskGuard guard, Executor later) {
    this(pool, guard, later, System::nanoTime);
  }

  Mailbox(Executor pool, TaskGuard guard, Executor later, LongSupplier nanos) {
    this.pool = pool;
    this.guard = guard;
    this.later = later;
    this.nanos = nanos;
  }

  /**
   * Runs the task after those queued before it.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool rejects it; the task will
   *     not run
   */
  @Override
  public void execute(Runnable task) {
    synchronized (tasks) {
      tasks.add(task);
      if (scheduled) {
        return;
      }
      scheduled = true;
    }
    try {
      pool.execute(this::turn);
    } catch (RuntimeException | Error e) {
      refused(task);
      throw e;
    }
  }

  /** This task will not run, but tasks that were queued meanwhile still must. */
  private void refused(Runnable task) {
    synchronized (tasks) {
      tasks.remove(task);
      if (tasks.isEmpty()) {
        scheduled = false;
        return;
      }
    }
    later.execute(this::askAgain);
  }

  private void askAgain() {
    try {
      pool.execute(this::turn);
    } catch (RuntimeException | Error e) {
      later.execute(this::askAgain);
    }
  }

  private void turn() {
    long begun = nanos.getAsLong();
    int done = 0;
    for (Runnable task = next(); task != null; task = next()) {
      guard.run(task);
      done++;
      if ((done >= MAX_TASKS || nanos.getAsLong() - begun >= MAX_NANOS) && goBehind()) {
        return;
      }
    }
  }

  private @Nullable Runnable next() {
    synchronized (tasks) {
      Runnable task = tasks.poll();
      scheduled = task != null;
      return task;
    }
  }

  /** Returns whether the turn is over; if the pool rejects the mailbox, the turn goes on. */
  private boolean goBehind() {
    synchronized (tasks) {
      if (tasks.isEmpty()) {
        scheduled = false;
        return true;
      }
    }
    try {
      pool.execute(this::turn);
      return true;
    } catch (RuntimeException | Error e) {
      return false;
    }
  }
}

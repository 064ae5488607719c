package io.drumline.loop;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks in order, one at a time, on a pool that it shares with other mailboxes. It holds at
 * most one place in the pool's queue, and takes turns: after {@value #MAX_TASKS} tasks or 1 ms it
 * goes behind the others that wait there, so that a few busy ones never keep all threads. A task
 * that throws is counted and logged, and the next one runs. Any thread.
 */
public final class Mailbox implements Executor {
  static final int MAX_TASKS = 32;
  static final long MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Executor pool;
  private final TaskGuard guard;
  private final Executor later;
  private final LongSupplier nanos;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>(2);

  /** Whether a turn runs, or waits in the pool; guarded by {@code tasks}. */
  private boolean scheduled;

  /**
   * @param pool where tasks run; what waits here is the owner's to bound
   * @param guard counts tasks that throw
   * @param later runs what it is given after a moment: the pool has refused the mailbox's place
   *     when tasks of others relied on it
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
   * Runs the task behind those before it.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool refuses; the task will not
   *     run
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

  /** Tasks that others have added meanwhile still run, though this one will not. */
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

  /** Returns whether the turn is over; a pool that takes nothing leaves no choice but to go on. */
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

package io.drumline.loop;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs short tasks later, on one thread of the node ({@code drumline-timer}). Tasks must not block.
 * The JVM's common pool is not used, since anything in the process may occupy it. Thread safe.
 */
public final class NodeTimer implements AutoCloseable {
  static final int MAX_FAILURES = 10;
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final ScheduledThreadPoolExecutor thread;
  private final Duration again;

  /** The thread starts with the first task. */
  public NodeTimer() {
    this(AGAIN);
  }

  /**
   * @param again the pause before a failed task is retried
   */
  NodeTimer(Duration again) {
    this.again = again;
    thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread made = new Thread(task, "drumline-timer");
              made.setDaemon(true);
              return made;
            });
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /**
   * Runs {@code task} under {@code guard} after {@code delay}; never after the timer is closed. A
   * task that throws is retried every second, up to {@value #MAX_FAILURES} times, so that one
   * failure does not end what depends on it.
   */
  public void after(Duration delay, TaskGuard guard, Runnable task) {
    after(delay, guard, task, 0);
  }

  /**
   * Runs {@code task} under {@code guard} now; if it throws, it is retried as by {@link #after}.
   */
  public void now(TaskGuard guard, Runnable task) {
    run(guard, task, 0);
  }

  private void after(Duration delay, TaskGuard guard, Runnable task, int failures) {
    try {
      var unused =
          thread.schedule(() -> run(guard, task, failures), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // the timer is closed
    }
  }

  private void run(TaskGuard guard, Runnable task, int failures) {
    if (!guard.run(task) && failures < MAX_FAILURES) {
      after(again, guard, task, failures + 1);
    }
  }

  /** Drops pending tasks and ends the thread. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}

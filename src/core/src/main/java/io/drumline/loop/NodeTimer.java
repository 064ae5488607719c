package io.drumline.loop;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs short tasks later, on one thread of the node ({@code drumline-timer}): they hand over and
 * never wait. Not the JVM's common pool, which anything else in the process may occupy. Thread
 * safe.
 */
public final class NodeTimer implements AutoCloseable {
  static final int MAX_FAILURES = 10;
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final ScheduledThreadPoolExecutor thread;
  private final Duration again;

  /** With a thread that starts with the first task. */
  public NodeTimer() {
    this(AGAIN);
  }

  /**
   * @param again the pause before a task that has failed runs again
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
   * Runs {@code task} under {@code guard} after {@code delay}; never once the timer is closed. What
   * goes on by it must not end with it: a task that throws runs again a second later, up to {@value
   * #MAX_FAILURES} times.
   */
  public void after(Duration delay, TaskGuard guard, Runnable task) {
    after(delay, guard, task, 0);
  }

  /** Runs {@code task} under {@code guard} now, and if it throws again as {@link #after} does. */
  public void now(TaskGuard guard, Runnable task) {
    run(guard, task, 0);
  }

  private void after(Duration delay, TaskGuard guard, Runnable task, int failures) {
    try {
      var unused =
          thread.schedule(() -> run(guard, task, failures), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // the node has ended
    }
  }

  private void run(TaskGuard guard, Runnable task, int failures) {
    if (!guard.run(task) && failures < MAX_FAILURES) {
      after(again, guard, task, failures + 1);
    }
  }

  /** Drops what waits, and ends the thread. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}

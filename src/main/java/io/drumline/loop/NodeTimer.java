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
  private final ScheduledThreadPoolExecutor thread;

  /** With a thread that starts with the first task. */
  public NodeTimer() {
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

  /** Runs {@code task} under {@code guard} after {@code delay}; never once the timer is closed. */
  public void after(Duration delay, TaskGuard guard, Runnable task) {
    try {
      var unused = thread.schedule(guard.guard(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // the node has ended
    }
  }

  /** Drops what waits, and ends the thread. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}

package io.drumline.loop;

import io.micrometer.core.instrument.Counter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks and catches everything they throw: it is counted ({@code
 * drumline_task_failures_total}) and logged once per cause and 10 seconds. Any thread.
 */
public final class TaskGuard {
  private final String task;
  private final Counter failures;
  private final ThrottledLog log;
  private final Consumer<Throwable> listener;
  private volatile @Nullable TaskHook hook;

  /**
   * @param listener called for each failure, before it is logged
   */
  TaskGuard(String task, Counter failures, ThrottledLog log, Consumer<Throwable> listener) {
    this.task = task;
    this.failures = failures;
    this.log = log;
    this.listener = listener;
  }

  /** The name of the task, as in the metric. */
  public String task() {
    return task;
  }

  /** Sets the hook that runs the work from now on; null for none. */
  void hook(@Nullable TaskHook hook) {
    this.hook = hook;
  }

  /** Runs {@code work} now; returns whether it completed without an exception. */
  @SuppressWarnings("CatchThrowable") // an Error must not end the schedule either
  public boolean run(Runnable work) {
    try {
      TaskHook standIn = hook;
      if (standIn == null) {
        work.run();
      } else {
        standIn.run(task, work);
      }
      return true;
    } catch (Throwable e) {
      failed(e);
      return false;
    }
  }

  /** A task that runs {@code work} under this guard. */
  public Runnable guard(Runnable work) {
    return () -> run(work);
  }

  /** Starts an asynchronous operation; if that throws, returns a failed stage. */
  @SuppressWarnings("CatchThrowable")
  public <T> CompletionStage<T> stage(Supplier<? extends CompletionStage<T>> start) {
    try {
      return start.get();
    } catch (Throwable e) {
      failed(e);
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Counts and logs a failure that was caught elsewhere; never throws. */
  @SuppressWarnings("CatchThrowable")
  public void failed(Throwable failure) {
    failures.increment();
    try {
      listener.accept(failure);
      log.error(
          task + " " + failure.getClass().getName(),
          "Task {} failed with {}; it goes on with its next turn. Please report this as a bug",
          task,
          failure.toString(),
          failure);
    } catch (Throwable ignored) {
      // no memory to log it; it is counted
    }
  }

  /** The number of failures of the task. */
  public long failures() {
    return (long) failures.count();
  }
}

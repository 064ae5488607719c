package io.drumline.loop;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A task that {@link Periodic} runs again and again until it is cancelled. Any thread. */
public final class PeriodicTask implements Runnable {
  private final Periodic periodic;
  private final TaskGuard guard;
  private final Runnable work;
  private final Duration period;
  private final LongSupplier nanos;
  private volatile @Nullable Future<?> schedule;
  private volatile boolean cancelled;
  private volatile long lastRun;
  private volatile @Nullable String thread;

  PeriodicTask(
      Periodic periodic, TaskGuard guard, Runnable work, Duration period, LongSupplier nanos) {
    this.periodic = periodic;
    this.guard = guard;
    this.work = work;
    this.period = period;
    this.nanos = nanos;
    this.lastRun = nanos.getAsLong();
  }

  /** Of the kind of task; tasks of several event loops share it. */
  public String name() {
    return guard.task();
  }

  /** The time between the end of one run and the beginning of the next. */
  public Duration period() {
    return period;
  }

  /** The thread that ran the task last; empty before its first run. */
  public String thread() {
    String last = thread;
    return last == null ? "" : last;
  }

  /** Time since the task last began to run, or was registered. */
  public Duration age() {
    return Duration.ofNanos(nanos.getAsLong() - lastRun);
  }

  /** Runs the task no more; one that is running goes on to its end. */
  public void cancel() {
    cancelled = true;
    Future<?> scheduled = schedule;
    if (scheduled != null) {
      scheduled.cancel(false);
    }
    periodic.remove(this);
  }

  void scheduled(Future<?> schedule) {
    this.schedule = schedule;
    if (cancelled) {
      schedule.cancel(false);
    }
  }

  /** For the executor. */
  @Override
  public void run() {
    lastRun = nanos.getAsLong();
    if (thread == null) {
      thread = Thread.currentThread().getName();
    }
    guard.run(work);
  }
}

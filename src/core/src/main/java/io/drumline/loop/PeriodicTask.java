package io.drumline.loop;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A task that {@link Periodic} runs repeatedly until it is cancelled. Any thread. */
public final class PeriodicTask implements Runnable {
  private final Periodic periodic;
  private final TaskGuard guard;
  private final Runnable work;
  private final Duration period;
  private final LongSupplier nanos;
  private volatile @Nullable Future<?> schedule;
  private volatile boolean cancelled;
  private volatile long lastRun;
  private volatile long runs;
  private volatile @Nullable Thread thread;

  PeriodicTask(
      Periodic periodic, TaskGuard guard, Runnable work, Duration period, LongSupplier nanos) {
    this.periodic = periodic;
    this.guard = guard;
    this.work = work;
    this.period = period;
    this.nanos = nanos;
    this.lastRun = nanos.getAsLong();
  }

  /** The kind of task; tasks of several event loops share it. */
  public String name() {
    return guard.task();
  }

  /** The time between the end of one run and the beginning of the next. */
  public Duration period() {
    return period;
  }

  /** The thread that ran the task last; null before its first run. */
  public @Nullable Thread thread() {
    return thread;
  }

  /** The number of runs started. */
  public long runs() {
    return runs;
  }

  /** Time since the task last started to run, or was registered. */
  public Duration age() {
    return Duration.ofNanos(nanos.getAsLong() - lastRun);
  }

  /** Cancels the task; a run in progress is completed. */
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

  /** Called by the executor. */
  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // one run at a time
  public void run() {
    lastRun = nanos.getAsLong();
    runs++;
    thread = Thread.currentThread();
    guard.run(work);
  }

  /** Its name, and the thread that runs it. */
  @Override
  public String toString() {
    Thread last = thread;
    return last == null ? name() : name() + " (" + last.getName() + ')';
  }
}

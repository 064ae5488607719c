package io.drumline.loop;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Starts the periodic tasks of a node. An executor silently drops a periodic task that throws;
 * here, anything thrown is counted and logged ({@link TaskGuard}), and the task continues. One
 * instance per node. Thread safe.
 */
public final class Periodic {
  private final MeterRegistry registry;
  private final LongSupplier nanos;
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(Periodic.class));
  private final Map<String, TaskGuard> guards = new ConcurrentHashMap<>();
  private final List<PeriodicTask> tasks = new CopyOnWriteArrayList<>();
  private volatile Consumer<Throwable> failures = e -> {};
  private volatile @Nullable TaskHook hook;

  public Periodic(MeterRegistry registry) {
    this(registry, System::nanoTime);
  }

  /**
   * @param nanos the clock, in nanoseconds
   */
  Periodic(MeterRegistry registry, LongSupplier nanos) {
    this.registry = registry;
    this.nanos = nanos;
  }

  /**
   * Runs {@code work} on {@code executor} with a delay of {@code period} before the first run and
   * after each run, whatever it throws.
   *
   * @param name the kind of task, a label of {@code drumline_task_failures_total}: lower case with
   *     underscores, from a fixed set, listed in docs/metrics.md
   * @throws java.util.concurrent.RejectedExecutionException if the executor is shut down
   */
  public PeriodicTask every(
      ScheduledExecutorService executor, Duration period, String name, Runnable work) {
    PeriodicTask task = new PeriodicTask(this, guard(name), work, period, nanos);
    tasks.add(task);
    try {
      task.scheduled(
          executor.scheduleWithFixedDelay(
              task, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS));
    } catch (RuntimeException e) {
      tasks.remove(task);
      throw e;
    }
    return task;
  }

  /**
   * The guard for tasks that run once, or on another schedule than {@link #every}.
   *
   * @param name as for {@link #every}
   */
  public TaskGuard guard(String name) {
    return guards.computeIfAbsent(
        name,
        task -> {
          TaskGuard guard =
              new TaskGuard(
                  task,
                  Counter.builder("drumline.task.failures")
                      .description(
                          "Runs of internal tasks that failed with an unexpected exception")
                      .tag("task", task)
                      .register(registry),
                  log,
                  e -> failures.accept(e));
          guard.hook(hook);
          return guard;
        });
  }

  /**
   * Sets the listener for failures under any guard, called on the thread of the failure before
   * logging: an error may leave no memory to log it. Any thread.
   */
  public void onFailure(Consumer<Throwable> listener) {
    failures = listener;
  }

  /** All guards, including those of one-time tasks and mailboxes. */
  Collection<TaskGuard> guards() {
    return List.copyOf(guards.values());
  }

  /** Sets the hook that runs all guarded work from now on; null for none. */
  void hook(@Nullable TaskHook standIn) {
    hook = standIn;
    guards.values().forEach(guard -> guard.hook(standIn));
  }

  /** All tasks that were started and not cancelled, in the order of their start. */
  public List<PeriodicTask> tasks() {
    return List.copyOf(tasks);
  }

  void remove(PeriodicTask task) {
    tasks.remove(task);
  }
}

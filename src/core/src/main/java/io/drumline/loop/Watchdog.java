package io.drumline.loop;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects pauses of the process and stuck periodic tasks: a separate thread ({@code
 * drumline-watchdog}) checks for both four times a second and does nothing else.
 *
 * <p>A task is stuck when it did not run for {@link #STUCK_AFTER} plus its period, counted in
 * checks of this thread, so that time in which the whole process was paused does not count. Thread
 * safe.
 */
public final class Watchdog implements AutoCloseable {
  /** How long a task may be overdue before the node is not live: no task takes this long. */
  public static final Duration STUCK_AFTER = Duration.ofSeconds(30);

  static final Duration BEAT = Duration.ofMillis(250);

  private static final Logger log = LoggerFactory.getLogger(Watchdog.class);
  private static final int STACK_LINES = 12;

  private final Periodic periodic;
  private final Duration pauseLimit;
  private final Duration stuckAfter;
  private final LongSupplier nanos;
  private final LongSupplier millis;
  private final TaskGuard guard;

  /** State of each task; used by this thread only. */
  private final Map<PeriodicTask, Progress> progress = new HashMap<>();

  private volatile long beatAt;
  private volatile long beatAtMillis;
  private volatile boolean paused;
  private volatile long pauseEndedAt;
  private volatile List<String> stuck = List.of();
  private volatile @Nullable Thread thread;

  /** The number of runs last seen, and the beats since it changed. */
  private static final class Progress {
    long runs = -1;
    int beats;
    boolean told;
  }

  /**
   * @param periodic the node's tasks
   * @param pauseLimit how long the process may be paused before {@link #stoodStill} reports it
   */
  public Watchdog(Periodic periodic, Duration pauseLimit, MeterRegistry registry) {
    this(periodic, pauseLimit, STUCK_AFTER, registry);
  }

  /**
   * The same with another limit for stuck tasks.
   *
   * @param stuckAfter how long a task may be overdue before the node is not live
   */
  public Watchdog(
      Periodic periodic, Duration pauseLimit, Duration stuckAfter, MeterRegistry registry) {
    this(periodic, pauseLimit, stuckAfter, System::nanoTime, System::currentTimeMillis);
    Gauge.builder("drumline.tasks.stuck", this, watchdog -> watchdog.stuck.size())
        .description("Periodic tasks that have not run for 30 s; the node is not live")
        .register(registry);
  }

  /**
   * With the given clocks, and without a metric.
   *
   * @param nanos the monotonic clock
   * @param millis the wall clock
   */
  public Watchdog(Periodic periodic, Duration pauseLimit, LongSupplier nanos, LongSupplier millis) {
    this(periodic, pauseLimit, STUCK_AFTER, nanos, millis);
  }

  private Watchdog(
      Periodic periodic,
      Duration pauseLimit,
      Duration stuckAfter,
      LongSupplier nanos,
      LongSupplier millis) {
    this.periodic = periodic;
    this.pauseLimit = pauseLimit;
    this.stuckAfter = stuckAfter;
    this.nanos = nanos;
    this.millis = millis;
    guard = periodic.guard("watchdog");
    beatAt = nanos.getAsLong();
    beatAtMillis = millis.getAsLong();
  }

  /** Starts the thread; called once. */
  public void start() {
    Thread started = new Thread(this::run, "drumline-watchdog");
    started.setDaemon(true);
    beatAt = nanos.getAsLong();
    beatAtMillis = millis.getAsLong();
    thread = started;
    started.start();
  }

  /** Ends the thread. */
  @Override
  public void close() {
    Thread running = thread;
    thread = null;
    if (running != null) {
      running.interrupt();
    }
  }

  @SuppressWarnings("ReferenceEquality") // identity
  private void run() {
    while (thread == Thread.currentThread()) {
      guard.run(this::beat);
      try {
        TimeUnit.NANOSECONDS.sleep(BEAT.toNanos());
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  void beat() {
    long pause = pauseNow();
    if (pause >= pauseLimit.toNanos()) {
      paused = true;
      pauseEndedAt = nanos.getAsLong();
      log.warn(
          "The process did not run for {} ms: it was stopped, suspended, or had no CPU time",
          TimeUnit.NANOSECONDS.toMillis(pause));
    }
    beatAtMillis = millis.getAsLong();
    beatAt = nanos.getAsLong();
    look();
  }

  /**
   * Whether the process, not only the caller's thread, was paused for the pause limit or longer,
   * and the pause ended after {@code since}, a {@link System#nanoTime}. Also true if the process
   * has just resumed and the watchdog has not run yet.
   *
   * <p>Both clocks must have advanced in the meantime: a changed wall clock is not a pause.
   */
  public boolean stoodStill(long since) {
    // The current pause first: a beat in between stores the end of the pause before it moves on.
    return pauseNow() >= pauseLimit.toNanos() || (paused && pauseEndedAt - since > 0);
  }

  private long pauseNow() {
    long monotonic = nanos.getAsLong() - beatAt;
    long wall = TimeUnit.MILLISECONDS.toNanos(millis.getAsLong() - beatAtMillis);
    return Math.min(monotonic, wall);
  }

  private void look() {
    List<PeriodicTask> tasks = periodic.tasks();
    progress.keySet().retainAll(tasks);
    List<String> found = new ArrayList<>();
    for (PeriodicTask task : tasks) {
      Progress seen = progress.computeIfAbsent(task, one -> new Progress());
      if (seen.runs != task.runs()) {
        seen.runs = task.runs();
        seen.beats = 0;
        seen.told = false;
      } else if (++seen.beats > stuckAfter.plus(task.period()).dividedBy(BEAT)) {
        found.add(task.toString());
        if (!seen.told) {
          seen.told = true;
          log.error(
              "Task {} has not run for {} s: its thread is stuck or has ended, and this node is not"
                  + " live any more; restart it{}",
              task,
              stuckAfter.toSeconds(),
              stack(task));
        }
      }
    }
    if (found.isEmpty() && !stuck.isEmpty()) {
      log.warn("The tasks that were stuck run again: this node is live");
    }
    found.sort(Comparator.naturalOrder());
    stuck = List.copyOf(found);
  }

  private static String stack(PeriodicTask task) {
    Thread thread = task.thread();
    if (thread == null || !thread.isAlive()) {
      return thread == null ? "" : ": thread " + thread.getName() + " has ended";
    }
    return Arrays.stream(thread.getStackTrace())
        .limit(STACK_LINES)
        .map(frame -> "\n\tat " + frame)
        .collect(Collectors.joining("", ": thread " + thread.getName() + " is here", ""));
  }

  /** Whether all periodic tasks of the node run. */
  public boolean live() {
    return stuck.isEmpty();
  }

  /** The stuck tasks, each as its name and thread; empty while the node is live. */
  public List<String> stuck() {
    return stuck;
  }
}

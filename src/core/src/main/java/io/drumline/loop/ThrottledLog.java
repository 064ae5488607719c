package io.drumline.loop;

import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * A log for events that may happen thousands of times a second. The first line of a cause is
 * written at once. Lines of the same cause in the next 10 seconds are counted, and then the last of
 * them is written with the count. A line without repetitions is written unchanged.
 *
 * <p>At most {@value #MAX_CAUSES} causes are distinguished at a time; all others share one.
 *
 * <p>Thread safe; never throws, even if a line cannot be written; never blocks for longer than it
 * takes to write a line. Keep it in an instance field, not a static one, so that several nodes in
 * one process do not silence each other.
 */
public final class ThrottledLog {
  static final Duration INTERVAL = Duration.ofSeconds(10);
  static final int MAX_CAUSES = 64;

  private static final String OTHER_CAUSES = "";

  private final Logger log;
  private final LongSupplier nanos;
  private final ScheduledExecutorService executor;
  private final Map<String, Cause> causes = new LinkedHashMap<>();
  private boolean scheduled;

  private record Line(Level level, String format, List<@Nullable Object> arguments) {}

  /** When a line of this cause was last written, and the lines suppressed since then. */
  private static final class Cause {
    final long writtenAt;
    int leftOut;
    @Nullable Line last;

    Cause(long writtenAt) {
      this.writtenAt = writtenAt;
    }
  }

  /** Writes to {@code log}. */
  public ThrottledLog(Logger log) {
    this(log, System::nanoTime, GlobalEventExecutor.INSTANCE);
  }

  /**
   * @param nanos the clock, in nanoseconds
   * @param executor runs a task after {@link #INTERVAL}, which writes suppressed lines
   */
  ThrottledLog(Logger log, LongSupplier nanos, ScheduledExecutorService executor) {
    this.log = log;
    this.nanos = nanos;
    this.executor = executor;
  }

  /**
   * Logs at WARN, unless this cause was logged within the last 10 seconds.
   *
   * @param cause distinguishes kinds of lines; must not contain a user, a destination or the like
   * @param format as for SLF4J
   * @param arguments as for SLF4J; an exception in last place is written with its stack trace
   */
  public void warn(String cause, String format, @Nullable Object... arguments) {
    log(cause, new Line(Level.WARN, format, Arrays.asList(arguments)));
  }

  /** The same at ERROR. */
  public void error(String cause, String format, @Nullable Object... arguments) {
    log(cause, new Line(Level.ERROR, format, Arrays.asList(arguments)));
  }

  /** The same at INFO. */
  public void info(String cause, String format, @Nullable Object... arguments) {
    log(cause, new Line(Level.INFO, format, Arrays.asList(arguments)));
  }

  @SuppressWarnings("CatchThrowable") // callers must go on: they are often about to clean up
  private void log(String cause, Line line) {
    try {
      if (admit(cause, line)) {
        write(line, 0);
      }
    } catch (Throwable e) {
      // there is nowhere to report it
    }
  }

  /** Returns whether the line must be written now; otherwise it is counted. */
  private synchronized boolean admit(String name, Line line) {
    long now = nanos.getAsLong();
    String key = name;
    if (!causes.containsKey(key) && causes.size() >= MAX_CAUSES) {
      causes.values().removeIf(old -> isOver(old, now) && old.leftOut == 0);
      if (causes.size() >= MAX_CAUSES) {
        key = OTHER_CAUSES;
      }
    }
    Cause known = causes.get(key);
    if (known == null || (isOver(known, now) && known.leftOut == 0)) {
      causes.put(key, new Cause(now));
      return true;
    }
    known.leftOut++;
    known.last = line;
    if (!scheduled) {
      schedule(INTERVAL.toNanos() - (now - known.writtenAt));
      scheduled = true; // if scheduling fails, the next line tries again
    }
    return false;
  }

  private void schedule(long delayNanos) {
    var unused = executor.schedule(this::writeLeftOut, delayNanos, TimeUnit.NANOSECONDS);
  }

  private void writeLeftOut() {
    for (Cause cause : takeOver()) {
      if (cause.last != null) {
        write(cause.last, cause.leftOut - 1);
      }
    }
  }

  /** The causes whose interval has ended and that have suppressed lines. */
  private synchronized List<Cause> takeOver() {
    long now = nanos.getAsLong();
    List<Cause> over = new ArrayList<>();
    List<String> again = new ArrayList<>();
    long next = Long.MAX_VALUE;
    for (Iterator<Map.Entry<String, Cause>> all = causes.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<String, Cause> entry = all.next();
      Cause cause = entry.getValue();
      if (!isOver(cause, now)) {
        if (cause.leftOut > 0) {
          next = Math.min(next, INTERVAL.toNanos() - (now - cause.writtenAt));
        }
      } else {
        all.remove();
        if (cause.leftOut > 0) {
          over.add(cause);
          again.add(entry.getKey());
        }
      }
    }
    again.forEach(name -> causes.put(name, new Cause(now)));
    scheduled = next != Long.MAX_VALUE;
    if (scheduled) {
      schedule(next);
    }
    return over;
  }

  private static boolean isOver(Cause cause, long now) {
    return now - cause.writtenAt >= INTERVAL.toNanos();
  }

  private void write(Line line, int others) {
    String format =
        others == 0
            ? line.format
            : line.format
                + " ("
                + others
                + " more like this in the last "
                + INTERVAL.toSeconds()
                + " s)";
    log.atLevel(line.level).log(format, line.arguments.toArray());
  }
}

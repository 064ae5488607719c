package io.drumline.hub;

import io.drumline.loop.TaskGuard;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The timers of one event loop: one periodic task for all of its connections. The resolution is
 * {@value #TICK_MILLIS} ms; a timer fires up to one tick late, never early. Used on its loop only.
 *
 * <p>A timer that throws is counted and logged, and fires again a second later, so that a moment
 * without memory does not end a connection's heart-beats. After {@value #MAX_FAILURES} consecutive
 * failures it ends.
 */
public final class Wheel {
  static final int TICK_MILLIS = 100;

  /**
   * The recommended maximum delay of a connection's timer. A timer cannot be cancelled and keeps
   * what it refers to reachable, so a longer wait should be split: otherwise closed connections
   * stay in memory until it fires.
   */
  public static final long LOOK_IN_MILLIS = 30_000;

  static final int MAX_FAILURES = 10;
  static final long AGAIN_MILLIS = 1000;

  private static final int SLOTS = 512;

  /** A task to run when its time has come. */
  @FunctionalInterface
  public interface Timer {
    /**
     * Called on the loop.
     *
     * @return milliseconds until the next call; 0 or less to end the timer
     */
    long fire();
  }

  /**
   * @param failures consecutive failures
   */
  private record Entry(Timer timer, long dueTick, int failures) {}

  private final List<List<Entry>> slots = new ArrayList<>(SLOTS);
  private final TaskGuard guard;
  private final LongSupplier nanos;
  private final long startNanos;
  private long tick;

  /**
   * @param guard counts timers that throw
   */
  Wheel(TaskGuard guard) {
    this(guard, System::nanoTime);
  }

  Wheel(TaskGuard guard, LongSupplier nanos) {
    this.guard = guard;
    this.nanos = nanos;
    startNanos = nanos.getAsLong();
    for (int i = 0; i < SLOTS; i++) {
      slots.add(new ArrayList<>(0));
    }
  }

  /**
   * Calls {@code timer} after {@code millis}. A timer cannot be cancelled: it must check when it
   * fires whether it is still needed, and return 0 if not.
   */
  public void after(long millis, Timer timer) {
    after(millis, timer, 0);
  }

  private void after(long millis, Timer timer, int failures) {
    long due =
        Math.max(
            tick + 1,
            ticks(nanos.getAsLong() - startNanos) + 1 + (millis + TICK_MILLIS - 1) / TICK_MILLIS);
    slots.get((int) (due % SLOTS)).add(new Entry(timer, due, failures));
  }

  /** Fires the timers that are due; called about every {@link #TICK_MILLIS} ms. */
  void advance() {
    long now = ticks(nanos.getAsLong() - startNanos);
    while (tick < now) {
      tick++;
      turn((int) (tick % SLOTS));
    }
  }

  private void turn(int index) {
    List<Entry> slot = slots.get(index);
    if (slot.isEmpty()) {
      return;
    }
    slots.set(index, new ArrayList<>(0)); // timers may be added to this slot while it is read
    for (Entry entry : slot) {
      if (entry.dueTick > tick) {
        slots.get(index).add(entry);
      } else {
        fire(entry);
      }
    }
  }

  private void fire(Entry entry) {
    if (!guard.run(() -> fire(entry.timer)) && entry.failures + 1 < MAX_FAILURES) {
      after(AGAIN_MILLIS, entry.timer, entry.failures + 1);
    }
  }

  private void fire(Timer timer) {
    long next = timer.fire();
    if (next > 0) {
      after(next, timer);
    }
  }

  private static long ticks(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos) / TICK_MILLIS;
  }
}

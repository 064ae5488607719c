package io.drumline.hub;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timers of one event loop: one scheduled task for all of its connections, however many.
 * Resolution is {@value #TICK_MILLIS} ms; a timer fires up to one tick late, never early. Used on
 * its loop only.
 */
public final class Wheel {
  private static final Logger log = LoggerFactory.getLogger(Wheel.class);

  static final int TICK_MILLIS = 100;

  /**
   * How far away the next call of a connection's timer should be at most. A timer is not cancelled
   * and keeps what it refers to, so one for tomorrow looks in earlier: what came and went would be
   * kept until then.
   */
  public static final long LOOK_IN_MILLIS = 30_000;

  private static final int SLOTS = 512;

  /** Something to be called when its time has come. */
  @FunctionalInterface
  public interface Timer {
    /**
     * Called on the loop.
     *
     * @return milliseconds until the next call; 0 or less to end the timer
     */
    long fire();
  }

  private record Entry(Timer timer, long dueTick) {}

  private final List<List<Entry>> slots = new ArrayList<>(SLOTS);
  private final long startNanos = System.nanoTime();
  private long tick;

  Wheel(EventLoop loop) {
    for (int i = 0; i < SLOTS; i++) {
      slots.add(new ArrayList<>(0));
    }
    loop.scheduleAtFixedRate(this::advance, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * Calls {@code timer} after {@code millis}. A timer is not cancelled: it finds out when it fires,
   * and returns 0.
   */
  public void after(long millis, Timer timer) {
    long due =
        Math.max(
            tick + 1,
            ticks(System.nanoTime() - startNanos) + 1 + (millis + TICK_MILLIS - 1) / TICK_MILLIS);
    slots.get((int) (due % SLOTS)).add(new Entry(timer, due));
  }

  private void advance() {
    long now = ticks(System.nanoTime() - startNanos);
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
    slots.set(index, new ArrayList<>(0)); // timers may be added to this very slot while it is read
    for (Entry entry : slot) {
      if (entry.dueTick > tick) {
        slots.get(index).add(entry);
      } else {
        fire(entry.timer);
      }
    }
  }

  /** One that fails is over; the loop's others, of all its connections, must not be. */
  private void fire(Timer timer) {
    try {
      long next = timer.fire();
      if (next > 0) {
        after(next, timer);
      }
    } catch (RuntimeException failure) {
      log.error("A timer failed", failure);
    }
  }

  private static long ticks(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos) / TICK_MILLIS;
  }
}

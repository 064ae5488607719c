package io.drumline.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A socket with an event loop that runs when the test says so. */
final class Loop implements ClientSocket {
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final List<LongSupplier> timers = new ArrayList<>();
  private final AtomicLong clock;

  /** The numbers of the pings that were written. */
  final List<Long> pings = new ArrayList<>();

  int fenced;

  Loop(AtomicLong clock) {
    this.clock = clock;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public void after(long millis, LongSupplier timer) {
    timers.add(timer);
  }

  @Override
  public void ping(long number) {
    pings.add(number);
  }

  @Override
  public void fenced() {
    fenced++;
  }

  /** Runs what waits. */
  void run() {
    for (Runnable next; (next = tasks.poll()) != null; ) {
      next.run();
    }
  }

  /** Lets the timers fire, and does not run what waits behind them. */
  void fire() {
    timers.removeIf(timer -> timer.getAsLong() == 0);
  }

  /** Lets an interval pass. */
  void tick() {
    clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(SharedSessionTest.INTERVAL_MILLIS));
    fire();
    run();
  }

  int timers() {
    return timers.size();
  }

  long lastPing() {
    return pings.get(pings.size() - 1);
  }
}

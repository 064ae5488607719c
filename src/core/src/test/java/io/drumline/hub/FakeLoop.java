package io.drumline.hub;

import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/**
 * An event loop that runs when the test says so, and takes no task while it is told not to. Its
 * time stands still.
 */
final class FakeLoop {
  private static final FakeLoop[] RUNNING = new FakeLoop[1];

  private final EmbeddedChannel tasks = new EmbeddedChannel();
  private final EventLoop loop =
      (EventLoop)
          Proxy.newProxyInstance(
              FakeLoop.class.getClassLoader(),
              new Class<?>[] {EventLoop.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("inEventLoop")) {
                  return RUNNING[0] == this;
                }
                if (method.getName().equals("execute") && this.rejecting) {
                  throw new RejectedExecutionException("injected");
                }
                try {
                  return method.invoke(tasks.eventLoop(), arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });

  private boolean rejecting;

  FakeLoop() {
    tasks.freezeTime(); // no timer of the hub's fires by itself on a slow machine
  }

  /**
   * Loops with a watchdog whose clocks stand still: however slow the machine is, that is no pause.
   */
  static Loops unwatched(List<EventLoop> loops, ByteBufAllocator alloc) {
    Periodic periodic = new Periodic(new SimpleMeterRegistry());
    Watchdog watchdog = new Watchdog(periodic, Duration.ofSeconds(10), () -> 0, () -> 0);
    return new Loops(loops, periodic, watchdog, alloc);
  }

  EventLoop loop() {
    return loop;
  }

  void rejecting(boolean on) {
    rejecting = on;
  }

  /** Runs one task as this loop. */
  void run(Runnable task) {
    FakeLoop before = RUNNING[0];
    RUNNING[0] = this;
    try {
      task.run();
    } finally {
      RUNNING[0] = before;
    }
  }

  /** Runs what waits, and what that adds. */
  void runAll() {
    run(tasks::runPendingTasks);
  }

  void close() {
    tasks.finishAndReleaseAll();
  }
}

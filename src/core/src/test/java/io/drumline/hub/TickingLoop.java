package io.drumline.hub;

import static io.drumline.hub.FailingCalls.proxy;

import io.drumline.hub.FailingCalls.Calls;
import io.drumline.hub.FailingCalls.Step;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An event loop whose time passes when the scene says so. */
final class TickingLoop {
  private static final int TICK_MILLIS = 100;

  private static @Nullable TickingLoop running;

  final EmbeddedChannel tasks = new EmbeddedChannel();
  final EventLoop loop;

  /** What the hub's own tasks have thrown: nobody has counted it. */
  final List<Throwable> uncaught = new ArrayList<>();

  TickingLoop(Calls calls) {
    tasks.freezeTime();
    loop =
        proxy(
            EventLoop.class,
            (method, arguments, real) -> {
              switch (method) {
                case "inEventLoop" -> {
                  return running == this;
                }
                case "execute" -> {
                  calls.at(Step.EXECUTE);
                  arguments[0] = safe((Runnable) arguments[0]);
                }
                case "schedule" -> {
                  calls.at(Step.SCHEDULE);
                  arguments[0] = safe((Runnable) arguments[0]);
                }
                default -> {
                  // nothing that the hub does later
                }
              }
              return real.call(tasks.eventLoop());
            });
  }

  /** A real loop logs what a task throws, and goes on. */
  private Runnable safe(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        uncaught.add(e);
      }
    };
  }

  void run(Runnable task) {
    TickingLoop before = running;
    running = this;
    try {
      task.run();
    } finally {
      running = before;
    }
  }

  void runAll() {
    run(tasks::runPendingTasks);
  }

  void tick() {
    tasks.advanceTimeBy(TICK_MILLIS, TimeUnit.MILLISECONDS);
    run(tasks::runScheduledPendingTasks);
  }
}

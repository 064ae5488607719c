package io.drumline.redis;

import io.drumline.loop.TaskGuard;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.SingleThreadEventExecutor;

/**
 * The thread that owns the connections to Redis. What a task throws is counted and logged, and the
 * next one runs: Netty's own DefaultEventExecutor ends its thread with the first task that throws,
 * and with it all that this node does with Redis.
 */
final class OwnerThread extends SingleThreadEventExecutor {
  private final TaskGuard guard;

  /**
   * @param guard counts tasks that throw
   */
  OwnerThread(TaskGuard guard) {
    super(null, new DefaultThreadFactory("drumline-redis", true), true);
    this.guard = guard;
  }

  @Override
  protected void run() {
    do {
      Runnable task = takeTask();
      if (task != null) {
        run(task);
        updateLastExecutionTime();
      }
    } while (!confirmShutdown());
  }

  @SuppressWarnings("CatchThrowable") // an Error must not end the thread either
  private void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      guard.failed(e);
    }
  }
}

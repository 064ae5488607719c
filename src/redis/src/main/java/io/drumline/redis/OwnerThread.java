package io.drumline.redis;

import io.drumline.loop.TaskGuard;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.SingleThreadEventExecutor;

/**
 * The thread that owns the connections to Redis. If a task throws, that is counted and logged, and
 * the next task runs. Netty's own DefaultEventExecutor would end its thread, and with it all of
 * this node's work with Redis.
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

package io.drumline.stomp;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one session's tasks in order, one at a time, on a shared pool. Holds at most one place in
 * the pool's queue; what waits here is bounded by {@link Pending}, which stops reading from the
 * client, and for all sessions by {@link ApplicationQueue}.
 */
final class SerialExecutor implements Executor {
  private static final Logger log = LoggerFactory.getLogger(SerialExecutor.class);

  private final Executor pool;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>(2);
  private boolean running;

  SerialExecutor(Executor pool) {
    this.pool = pool;
  }

  @Override
  public void execute(Runnable task) {
    synchronized (tasks) {
      tasks.add(task);
      if (running) {
        return;
      }
      running = true;
    }
    try {
      pool.execute(this::drain);
    } catch (RuntimeException refused) {
      synchronized (tasks) {
        running = false;
        tasks.remove(task);
      }
      throw refused;
    }
  }

  private void drain() {
    while (true) {
      Runnable task;
      synchronized (tasks) {
        task = tasks.poll();
        if (task == null) {
          running = false;
          return;
        }
      }
      try {
        task.run();
      } catch (RuntimeException | Error failure) {
        log.error("A task of a session failed; the next one runs", failure);
      }
    }
  }
}

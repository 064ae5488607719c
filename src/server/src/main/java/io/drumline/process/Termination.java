package io.drumline.process;

import io.drumline.ops.Drain;
import io.drumline.ops.Drain.Then;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Handles SIGTERM once the node has started: the node drains, then the process exits with 0. A
 * second SIGTERM closes the remaining connections at once. If the process ends otherwise, such as
 * by Ctrl-C, connections are closed at once.
 *
 * <p>The drain runs before the application context is closed, because Spring first of all stops
 * executors and schedulers from accepting tasks.
 */
@Component
final class Termination implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Termination.class);

  private final Drain drain;
  private final Runnable exit;
  private final AtomicBoolean asked = new AtomicBoolean();
  private @Nullable TermSignal signal;
  private volatile boolean running;

  @Autowired
  Termination(Drain drain, ApplicationContext context) {
    this(drain, () -> exit(context));
  }

  /**
   * @param exit ends the process
   */
  Termination(Drain drain, Runnable exit) {
    this.drain = drain;
    this.exit = exit;
  }

  @Override
  public void start() {
    try {
      signal = TermSignal.caught(this::terminate);
    } catch (ReflectiveOperationException denied) {
      log.warn("SIGTERM will end this node without a drain: {}", denied.toString());
    }
    running = true;
  }

  private void terminate() {
    if (running) {
      drainAndExit();
    } else {
      passOn();
    }
  }

  /** The first SIGTERM drains and exits, the second hurries the drain. */
  @SuppressWarnings("CatchThrowable") // the process must exit even then
  void drainAndExit() {
    if (asked.compareAndSet(false, true)) {
      try {
        drain.begin(Then.EXIT).whenComplete((drained, failure) -> exit.run());
      } catch (Throwable e) {
        try {
          log.error("The drain could not begin: this node ends without it", e);
        } finally {
          exit.run();
        }
      }
    } else {
      log.info("Another SIGTERM: closing all that is left");
      drain.hurry();
    }
  }

  /**
   * For several nodes in one JVM: the first to stop restores the handler too early for the others.
   */
  private void passOn() {
    TermSignal caught = signal;
    if (caught != null) {
      try {
        caught.passOn();
      } catch (ReflectiveOperationException impossible) {
        throw new IllegalStateException(impossible);
      }
    }
  }

  private static void exit(ApplicationContext context) {
    int code = 1;
    try {
      code = SpringApplication.exit(context);
    } finally {
      System.exit(code);
    }
  }

  @Override
  public void stop() {
    running = false;
    TermSignal caught = signal;
    if (caught != null && !asked.get()) { // else another SIGTERM would exit with 143
      try {
        caught.release();
      } catch (ReflectiveOperationException impossible) {
        throw new IllegalStateException(impossible);
      }
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** After everything else has started. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}

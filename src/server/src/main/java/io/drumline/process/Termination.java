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
 * What SIGTERM does to a node that has started: it drains, then the process ends with 0. A second
 * one hurries the drain. All else that ends the process, such as Ctrl-C, closes the sockets at
 * once.
 *
 * <p>The drain comes before the application context is closed, as Spring tells executors and
 * schedulers first of all that they must take no more tasks.
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

  /** The first SIGTERM drains and ends, the second hurries. */
  @SuppressWarnings("CatchThrowable") // nothing but this ends the process
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

  /** For nodes in one JVM, of which the first to stop gives the signal back too early. */
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
    if (caught != null && !asked.get()) { // else a last SIGTERM would end it with 143
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

  /** When everything else has started. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}

package io.drumline.ops;

import io.drumline.hub.Hub;
import io.drumline.loop.Periodic;
import io.drumline.message.CloseCode;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Acts when memory is exhausted permanently ({@link MemoryExhaustion}). In a process of its own,
 * the node exits with {@value #EXIT_CODE}, as {@code -XX:+ExitOnOutOfMemoryError} does: its clients
 * resume on other nodes. It also exits if nothing fails, but the process hardly does anything but
 * collect garbage ({@link HeapWatch}). In another application's process, it closes its connections,
 * accepts no new ones, and stays unready until the application is restarted.
 */
@Component("memoryHealthIndicator")
final class MemoryGuard implements HealthIndicator {
  /** The exit code when memory is exhausted, as the JVM's own. */
  static final int EXIT_CODE = 3;

  private static final Logger log = LoggerFactory.getLogger(MemoryGuard.class);

  /** Many times the bytes needed for the last line of the log. */
  private static final int RESERVE = 1 << 20;

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /**
   * Checks to wait for the last line of the log; few, since other threads may work on inconsistent
   * state.
   */
  private static final int MOST_LOOKS = 4;

  private final Hub hub;
  private final boolean ownProcess;
  private final MemoryExhaustion exhaustion;

  /** Released to have memory for that line. */
  @SuppressWarnings("UnusedVariable") // used by being released
  private volatile byte @Nullable [] reserve;

  private volatile @Nullable String exhausted;

  MemoryGuard(Hub hub, Periodic periodic, ObjectProvider<OwnProcess> ownProcess) {
    this.hub = hub;
    this.ownProcess = ownProcess.getIfAvailable() != null;
    exhaustion = new MemoryExhaustion(System::nanoTime, this::givenUp);
    hub.onFailure(exhaustion);
    periodic.onFailure(exhaustion);
    if (this.ownProcess) {
      reserve = new byte[RESERVE];
      LoggedErrors.tell(exhaustion);
      Thread.UncaughtExceptionHandler previous = Thread.getDefaultUncaughtExceptionHandler();
      Thread.setDefaultUncaughtExceptionHandler(
          (thread, e) -> {
            exhaustion.accept(e);
            if (previous != null) {
              previous.uncaughtException(thread, e);
            } else {
              log.error("Thread {} ended by an exception", thread.getName(), e);
            }
          });
      Thread watch = new Thread(this::watch, "drumline-memory");
      watch.setDaemon(true);
      watch.start();
    }
  }

  /** Uses neither a guard nor an executor: they would fail without memory. */
  @SuppressWarnings("CatchThrowable")
  private void watch() {
    HeapWatch heap =
        new HeapWatch(new HeapWatch.OfProcess(ManagementFactory.getGarbageCollectorMXBeans()));
    int looks = 0;
    while (looks < MOST_LOOKS) {
      LockSupport.parkNanos(LOOK_NANOS);
      try {
        if (exhausted != null) {
          looks++;
        } else if (heap.isExhausted()) {
          exhaustion.exhausted("the process only collects garbage");
        }
      } catch (Throwable e) {
        exhaustion.accept(e);
      }
    }
    Runtime.getRuntime().halt(EXIT_CODE); // the line could not be written
  }

  private void givenUp(String what) {
    exhausted = what;
    if (ownProcess) {
      reserve = null;
      try {
        log.error(
            "Memory is exhausted ({}): ending this process with exit code {}; clients resume on"
                + " other nodes. See -Xmx and -XX:MaxDirectMemorySize in docs/operations.md",
            what,
            EXIT_CODE);
      } finally {
        Runtime.getRuntime().halt(EXIT_CODE); // shutdown hooks would need memory
      }
    }
    hub.draining(true);
    hub.closeAll(CloseCode.INTERNAL_ERROR, "The server ran out of memory: reconnect.");
    log.error(
        "Memory is exhausted ({}): this node has closed its connections and takes no new ones;"
            + " restart the application",
        what);
  }

  @Override
  public Health health() {
    String what = exhausted;
    return what == null ? Health.up().build() : Health.down().withDetail("exhausted", what).build();
  }
}

package io.drumline.ops;

import io.drumline.hub.Hub;
import io.drumline.message.CloseCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * What a node does when memory is exhausted for good ({@link MemoryExhaustion}). In a process of
 * its own it ends that, with {@value #EXIT_CODE}, as {@code -XX:+ExitOnOutOfMemoryError} does: its
 * clients resume on other nodes. In another application's process it takes no more clients, closes
 * those it has, and is not ready for the rest of its life.
 */
@Component("memoryHealthIndicator")
final class MemoryGuard implements HealthIndicator {
  /** Of a process that was ended for want of memory; the JVM's own. */
  static final int EXIT_CODE = 3;

  private static final Logger log = LoggerFactory.getLogger(MemoryGuard.class);

  private final Hub hub;
  private final boolean ownProcess;
  private volatile @Nullable String exhausted;

  MemoryGuard(Hub hub, ObjectProvider<OwnProcess> ownProcess) {
    this.hub = hub;
    this.ownProcess = ownProcess.getIfAvailable() != null;
    MemoryExhaustion exhaustion = new MemoryExhaustion(System::nanoTime, this::givenUp);
    hub.onFailure(exhaustion);
    if (this.ownProcess) {
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
    }
  }

  private void givenUp(String what) {
    exhausted = what;
    if (ownProcess) {
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

package io.drumline.stomp.spring;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Holds application code back until the test lets it go. */
final class Gate {
  private final Semaphore entered = new Semaphore(0);
  private final Semaphore open = new Semaphore(0);

  /** For the application: waits until the test opens the gate. */
  void pass() throws InterruptedException {
    entered.release();
    if (!open.tryAcquire(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("The gate was not opened.");
    }
  }

  /** For the test: waits until this many have come to the gate. */
  void awaitEntered(int count) throws InterruptedException {
    if (!entered.tryAcquire(count, 30, TimeUnit.SECONDS)) {
      throw new AssertionError("Fewer than " + count + " came to the gate.");
    }
  }

  /** For the test: lets this many through. */
  void open(int count) {
    open.release(count);
  }
}

package io.drumline.hub.order;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the bytes that all destinations of the node hold while their order is compared with the
 * backplane. Any thread.
 */
public final class HeldBudget {
  private final long limit;
  private final AtomicLong used = new AtomicLong();

  /**
   * @param limit in bytes
   */
  public HeldBudget(long limit) {
    this.limit = limit;
  }

  /** Reserves bytes; returns false, and reserves none, if that would exceed the limit. */
  boolean take(int bytes) {
    if (used.addAndGet(bytes) > limit) {
      used.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  void giveBack(long bytes) {
    used.addAndGet(-bytes);
  }

  public long used() {
    return used.get();
  }
}

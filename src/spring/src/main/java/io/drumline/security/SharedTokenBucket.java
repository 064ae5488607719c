package io.drumline.security;

import io.drumline.security.TokenBucket.Rate;
import java.util.concurrent.atomic.AtomicLong;

/** A {@link TokenBucket} for all threads of a node, without locks. */
public final class SharedTokenBucket {
  private final Rate rate;
  private final AtomicLong full;

  /**
   * A full one.
   *
   * @param now {@link System#nanoTime}
   */
  public SharedTokenBucket(Rate rate, long now) {
    this.rate = rate;
    this.full = new AtomicLong(now);
  }

  /** Takes tokens if they are all there, else none. Any thread. */
  public boolean tryTake(long tokens, long now) {
    while (true) {
      long seen = full.get();
      long next = rate.after(seen, tokens, now);
      if (rate.debt(next, now) > 0) {
        return false;
      }
      if (full.compareAndSet(seen, next)) {
        return true;
      }
    }
  }
}

package io.drumline.security;

import io.drumline.security.TokenBucket.Rate;
import java.util.concurrent.atomic.AtomicLong;

/** A {@link TokenBucket} for several threads, without locks. */
public final class SharedTokenBucket {
  private final Rate rate;
  private final AtomicLong full;

  /**
   * Creates a full bucket.
   *
   * @param now {@link System#nanoTime}
   */
  public SharedTokenBucket(Rate rate, long now) {
    this.rate = rate;
    this.full = new AtomicLong(now);
  }

  /**
   * Takes all of the tokens, or none if there are too few. Any thread.
   *
   * @param now {@link System#nanoTime}
   */
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

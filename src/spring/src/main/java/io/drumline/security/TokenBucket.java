package io.drumline.security;

import java.util.concurrent.TimeUnit;

/**
 * Limits a client's rate: tokens are added at a rate, up to a burst. Its only state is the time at
 * which it will be full again. Not thread-safe; see {@link SharedTokenBucket}.
 */
public final class TokenBucket {

  /**
   * A rate and a burst.
   *
   * @param perSecond tokens added per second
   * @param burst tokens in a full bucket
   */
  public record Rate(long perSecond, long burst) {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long MOST = Long.MAX_VALUE / SECOND / 4;

    public Rate {
      if (perSecond < 1 || perSecond > SECOND || burst < 1 || burst > MOST) {
        throw new IllegalArgumentException("A rate must be between 1 and 10^9 a second.");
      }
    }

    /** A rate with a burst of twice the tokens per second. */
    public static Rate perSecond(long tokens) {
      return new Rate(tokens, 2 * tokens);
    }

    /** When a bucket, full at the given time, is full again after these tokens are taken. */
    long after(long full, long tokens, long now) {
      long from = full - now > 0 ? full : now;
      return from + nanos(Math.min(tokens, MOST));
    }

    /** Nanoseconds until such a bucket is out of debt; 0 or less if it is not in debt. */
    long debt(long full, long now) {
      return full - now - nanos(burst);
    }

    private long nanos(long tokens) {
      return tokens * SECOND / perSecond;
    }
  }

  private final Rate rate;
  private long full;

  /**
   * Creates a full bucket.
   *
   * @param now {@link System#nanoTime}
   */
  public TokenBucket(Rate rate, long now) {
    this.rate = rate;
    this.full = now;
  }

  /**
   * Takes all of the tokens, or none if there are too few.
   *
   * @param now {@link System#nanoTime}
   */
  public boolean tryTake(long tokens, long now) {
    long next = rate.after(full, tokens, now);
    if (rate.debt(next, now) > 0) {
      return false;
    }
    full = next;
    return true;
  }

  /**
   * Takes the tokens, going into debt if there are too few. Returns the nanoseconds until the
   * bucket is out of debt; 0 if it is not in debt.
   *
   * @param now {@link System#nanoTime}
   */
  public long take(long tokens, long now) {
    full = rate.after(full, tokens, now);
    return Math.max(0, rate.debt(full, now));
  }
}

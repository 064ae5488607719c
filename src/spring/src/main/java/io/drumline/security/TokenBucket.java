package io.drumline.security;

import java.util.concurrent.TimeUnit;

/**
 * Holds a client to a rate: tokens come in at so many a second, up to a burst. It keeps nothing but
 * the time at which it will be full again. One thread; see {@link SharedTokenBucket} for several.
 */
public final class TokenBucket {

  /**
   * How fast, and how much at once.
   *
   * @param perSecond tokens a second
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

    /** Twice a second's tokens at once. */
    public static Rate perSecond(long tokens) {
      return new Rate(tokens, 2 * tokens);
    }

    /** When a bucket that is full at a time is full again after giving these tokens. */
    long after(long full, long tokens, long now) {
      long from = full - now > 0 ? full : now;
      return from + nanos(Math.min(tokens, MOST));
    }

    /** How long until such a bucket owes nothing; 0 or less where it does not owe. */
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
   * A full one.
   *
   * @param now {@link System#nanoTime}
   */
  public TokenBucket(Rate rate, long now) {
    this.rate = rate;
    this.full = now;
  }

  /** Takes tokens if they are all there, else none. */
  public boolean tryTake(long tokens, long now) {
    long next = rate.after(full, tokens, now);
    if (rate.debt(next, now) > 0) {
      return false;
    }
    full = next;
    return true;
  }

  /**
   * Takes tokens, also those that are not there yet. Returns the nanoseconds after which the bucket
   * owes nothing; 0 where it never did.
   */
  public long take(long tokens, long now) {
    full = rate.after(full, tokens, now);
    return Math.max(0, rate.debt(full, now));
  }
}

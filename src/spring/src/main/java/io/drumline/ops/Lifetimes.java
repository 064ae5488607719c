package io.drumline.ops;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Says how old each socket may become: the greatest age less a part of the jitter. Thread safe.
 *
 * <p>Each part is the one before it and the golden ratio, modulo 1. So those of any number of
 * sockets in a row lie evenly in the jitter: sockets that came at once go one after the other, as
 * evenly as they can. Parts by chance would have put two or three times the mean into one second.
 */
final class Lifetimes {
  private static final double GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

  private final long maxMillis;
  private final double jitter;

  /** Begins anywhere: nodes that start together do not close together. */
  private final AtomicLong sockets =
      new AtomicLong(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));

  Lifetimes(Duration maxAge, double jitter) {
    maxMillis = maxAge.toMillis();
    this.jitter = jitter;
  }

  /** That of the next socket, in milliseconds. */
  long next() {
    double part = sockets.getAndIncrement() * GOLDEN_RATIO % 1;
    return Math.max(1, Math.round(maxMillis * (1 - jitter * part)));
  }
}

package io.drumline.ops;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Chooses the maximum age of each connection: the configured age less a part of the jitter.
 * Thread-safe.
 *
 * <p>Each part is the previous one plus the golden ratio, modulo 1. So the parts of any number of
 * successive connections are spread evenly over the jitter, and clients that came at once are
 * closed at an even rate. Random parts would put two or three times the mean into some seconds.
 */
final class Lifetimes {
  private static final double GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

  private final long maxMillis;
  private final double jitter;

  /** Begins at random: nodes that start together must not close together. */
  private final AtomicLong sockets =
      new AtomicLong(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));

  Lifetimes(Duration maxAge, double jitter) {
    maxMillis = maxAge.toMillis();
    this.jitter = jitter;
  }

  /** The maximum age of the next connection, in milliseconds. */
  long next() {
    double part = sockets.getAndIncrement() * GOLDEN_RATIO % 1;
    return Math.max(1, Math.round(maxMillis * (1 - jitter * part)));
  }
}

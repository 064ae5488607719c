package io.drumline.redis.state;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The highest generation of a shared session that this node has given or heard of, and the latest
 * time of Redis that it has seen. The next one that it gives is higher, although Redis' clock was
 * set back and the session with its last generation is lost. Thread safe.
 */
public final class Generations {
  private final AtomicLong highest = new AtomicLong();

  long highest() {
    return highest.get();
  }

  /** Remembers one, unless a higher one is known. */
  void know(long generation) {
    highest.accumulateAndGet(generation, Math::max);
  }
}

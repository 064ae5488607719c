package io.drumline.redis.state;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The highest generation of a shared session that this node has assigned or seen, and the latest
 * time of Redis that it has seen. The next generation is higher even if Redis' clock was set back
 * and the session with its last generation is lost. Thread safe.
 */
public final class Generations {
  private final AtomicLong highest = new AtomicLong();

  long highest() {
    return highest.get();
  }

  /** Remembers a generation, unless a higher one is known. */
  void know(long generation) {
    highest.accumulateAndGet(generation, Math::max);
  }
}

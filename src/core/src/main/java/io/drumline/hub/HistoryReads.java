package io.drumline.hub;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Limits one owner's concurrent reads of history; the others wait. Reads for subscribers go first.
 * Used on the owner's event loop.
 */
final class HistoryReads {

  /** The purpose of a read. */
  enum Purpose {
    /** Subscribers wait for it: they catch up, or their destination has a gap. */
    SUBSCRIBERS,
    /** Nothing waits for it: it checks for lost messages. */
    CHECK
  }

  private final int most;
  private final HubMetrics metrics;
  private final ArrayDeque<Runnable> forSubscribers = new ArrayDeque<>();
  private final ArrayDeque<Runnable> checks = new ArrayDeque<>();
  private final AtomicInteger lost = new AtomicInteger();
  private int underWay;
  private boolean starting;

  /**
   * @param most maximum number of concurrent reads
   */
  HistoryReads(int most, HubMetrics metrics) {
    this.most = most;
    this.metrics = metrics;
  }

  /** Runs the read when it is its turn; {@link #ended} must follow. At most one per destination. */
  void request(Purpose purpose, Runnable read) {
    if (underWay < most) {
      underWay++;
      read.run();
    } else {
      (purpose == Purpose.CHECK ? checks : forSubscribers).add(read);
      metrics.waitingReads.incrementAndGet();
    }
  }

  /** Whether a read requested now starts at once. */
  boolean hasRoom() {
    return underWay < most;
  }

  /** A read ended, but its answer could not be passed on. Any thread; allocates no memory. */
  void lost() {
    lost.incrementAndGet();
  }

  /** Ends the reads that were {@link #lost}. */
  void endLost() {
    for (int left = lost.getAndSet(0); left > 0; left--) {
      ended();
    }
  }

  /**
   * A read has ended. A loop instead of recursion: thousands of obsolete reads may end within it.
   */
  void ended() {
    underWay--;
    if (starting) {
      return;
    }
    starting = true;
    try {
      while (underWay < most) {
        Runnable next = forSubscribers.isEmpty() ? checks.poll() : forSubscribers.poll();
        if (next == null) {
          return;
        }
        metrics.waitingReads.decrementAndGet();
        underWay++;
        next.run();
      }
    } finally {
      starting = false;
    }
  }
}

package io.drumline.hub;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One owner's reads of history: a bounded number is with the backplane, the others wait. Those that
 * somebody waits for go first. Used on the owner's event loop.
 */
final class HistoryReads {

  /** What a read is for. */
  enum Purpose {
    /** Subscribers wait for it: they catch up, or their destination has a hole. */
    SUBSCRIBERS,
    /** Nobody waits for it: it looks whether something was lost. */
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
   * @param most reads that may be with the backplane at once
   */
  HistoryReads(int most, HubMetrics metrics) {
    this.most = most;
    this.metrics = metrics;
  }

  /** Runs the read when it is its turn; {@link #ended} must follow. At most one a destination. */
  void request(Purpose purpose, Runnable read) {
    if (underWay < most) {
      underWay++;
      read.run();
    } else {
      (purpose == Purpose.CHECK ? checks : forSubscribers).add(read);
      metrics.waitingReads.incrementAndGet();
    }
  }

  /** Whether one that is requested now need not wait. */
  boolean hasRoom() {
    return underWay < most;
  }

  /** One has ended whose answer could not be handed over. Any thread; needs no memory. */
  void lost() {
    lost.incrementAndGet();
  }

  /** Takes notice of those that were {@link #lost}. */
  void endLost() {
    for (int left = lost.getAndSet(0); left > 0; left--) {
      ended();
    }
  }

  /** One was answered. A loop, as reads that nobody wants any more end within it, by thousands. */
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

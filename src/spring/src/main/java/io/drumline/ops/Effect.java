package io.drumline.ops;

import java.time.Duration;

/**
 * How many clients may be given up at once, by what it has helped so far. A load balancer that
 * chooses by a hash sends each of them back to the node that closed it. So a node gives up a round
 * of clients, lets them settle, and looks how far above the mean it still is. Where they went
 * elsewhere, the next round is larger; where they came back, there is none until the cluster
 * changes. Pure; used by one thread.
 */
final class Effect {
  /** Clients of the first round: enough to tell by, and few to throw about for nothing. */
  static final int FIRST_ROUND = 50;

  private static final int GROWTH = 4;

  /**
   * Of those given up, the least part that must be gone. A hash brings back nearly all, round robin
   * one of n: of two nodes, every second one.
   */
  private static final double LEAST_GONE = 0.25;

  private final long settleNanos;
  private int round = FIRST_ROUND;
  private int given;
  private double aboveBefore;
  private long givenAt;
  private boolean interrupted;
  private boolean futile;

  /**
   * @param settle how long clients have to come back
   */
  Effect(Duration settle) {
    settleNanos = settle.toNanos();
  }

  /**
   * How many of the excess may be given up now.
   *
   * @param excess how many should go
   * @param above how far this node is above the mean as it is
   */
  int allowed(int excess, double above, long now) {
    boolean settled = now - givenAt >= settleNanos;
    if (futile) {
      return 0;
    }
    if (excess == 0) {
      interrupted = true;
      if (settled) {
        reset(); // it is in balance, and stays so
      }
      return 0;
    }
    if (given > 0 && (interrupted || given >= round)) {
      if (!settled) {
        return 0;
      }
      if (given >= FIRST_ROUND && !helped(above)) { // of fewer, nothing can be told yet
        futile = true;
        return 0;
      }
    }
    interrupted = false;
    return Math.min(excess, round - given);
  }

  /** Whether the last round has helped; if so, begins the next. */
  private boolean helped(double above) {
    if (aboveBefore - above < given * LEAST_GONE) {
      return false;
    }
    if (given >= round) {
      round = (int) Math.min(1_000_000, (long) round * GROWTH);
    }
    given = 0;
    return true;
  }

  /** So many clients were given up, and this is how far this node was above the mean before. */
  void gave(int clients, double above, long now) {
    if (given == 0) {
      aboveBefore = above;
    }
    given += clients;
    givenAt = now;
  }

  /** Whether those who were given up came back: no more are, until {@link #reset}. */
  boolean futile() {
    return futile;
  }

  /** How many were given up in this round. */
  int given() {
    return given;
  }

  /** The cluster is another one. */
  void reset() {
    round = FIRST_ROUND;
    given = 0;
    interrupted = false;
    futile = false;
  }
}

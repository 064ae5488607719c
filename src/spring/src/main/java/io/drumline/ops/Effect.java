package io.drumline.ops;

import java.time.Duration;

/**
 * Limits how many clients may be closed at once, by the effect so far. A load balancer that chooses
 * by a hash sends each client back to the node that closed it. So a node closes a round of clients,
 * lets them settle, and checks how far above the mean it still is. If they went elsewhere, the next
 * round is larger; if they came back, there is none until the cluster changes. Without I/O; not
 * thread-safe.
 */
final class Effect {
  /** Clients of the first round: enough to see an effect, few enough to disturb in vain. */
  static final int FIRST_ROUND = 50;

  private static final int GROWTH = 4;

  /**
   * The least share of the closed clients that must have gone elsewhere. With a hash nearly all
   * come back, with round robin one in n: with two nodes, every second one.
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
   * @param settle the time clients have to reconnect
   */
  Effect(Duration settle) {
    settleNanos = settle.toNanos();
  }

  /**
   * The number of clients that may be closed now.
   *
   * @param excess the number of clients that should move
   * @param above how far this node is above the mean
   * @param now {@link System#nanoTime}
   */
  int allowed(int excess, double above, long now) {
    boolean settled = now - givenAt >= settleNanos;
    if (futile) {
      return 0;
    }
    if (excess == 0) {
      interrupted = true;
      if (settled) {
        reset(); // balanced, and stably so
      }
      return 0;
    }
    if (given > 0 && (interrupted || given >= round)) {
      if (!settled) {
        return 0;
      }
      if (given >= FIRST_ROUND && !helped(above)) { // fewer show no effect
        futile = true;
        return 0;
      }
    }
    interrupted = false;
    return Math.min(excess, round - given);
  }

  /** Whether the last round had an effect; if so, begins the next. */
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

  /**
   * Notes closed clients.
   *
   * @param above how far this node was above the mean before
   */
  void gave(int clients, double above, long now) {
    if (given == 0) {
      aboveBefore = above;
    }
    given += clients;
    givenAt = now;
  }

  /** Whether the closed clients came back: no more are closed until {@link #reset}. */
  boolean futile() {
    return futile;
  }

  /** The number of clients closed in this round. */
  int given() {
    return given;
  }

  /** Starts again: the cluster has changed. */
  void reset() {
    round = FIRST_ROUND;
    given = 0;
    interrupted = false;
    futile = false;
  }
}

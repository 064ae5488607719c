package io.drumline.hub.order;

/**
 * How often in a row an order's reads have failed or brought nobody on, and what follows: a pause
 * before the next, and in the end a gap.
 */
final class Retries {
  /** Answers in a row that may change nothing without a pause, as in a repair of several steps. */
  private static final int STEPS = 2;

  /** Answers in a row that may explain nothing at all before what is unclear becomes a gap. */
  private static final int MOST_STUCK = 8;

  private int failed;

  /** Answers that brought nobody on. */
  private int withoutProgress;

  /** Those of them that did not even show what was held to be wrong. */
  private int stuck;

  /** A read was not answered. */
  void failed() {
    failed++;
  }

  /** A read was answered; what the answer was worth follows. */
  void answered() {
    failed = 0;
  }

  /** The answer brought somebody on. */
  void advanced() {
    withoutProgress = 0;
    stuck = 0;
  }

  /** The answer showed only that some of what was held is no part of the order. */
  void explained() {
    withoutProgress++;
    stuck = 0;
  }

  /** The answer was of no use. */
  void stuck() {
    withoutProgress++;
    stuck++;
  }

  /** Whether another read would hardly help. */
  boolean areTooMany() {
    return stuck >= MOST_STUCK;
  }

  /** Those concerned were told of a gap, and go on. */
  void endedInGap() {
    stuck = 0;
  }

  /** How many reads before the next one are a reason to wait. */
  int backOff() {
    return failed + Math.max(0, withoutProgress - STEPS);
  }
}

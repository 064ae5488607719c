package io.drumline.hub.order;

/**
 * Counts an order's consecutive reads that failed or brought no progress. The consequence is a
 * pause before the next read and finally a gap.
 */
final class Retries {
  /** Answers without progress before pausing, as a repair may take several steps. */
  private static final int STEPS = 2;

  /** Consecutive useless answers before the doubt ends in a gap. */
  private static final int MOST_STUCK = 8;

  private int failed;

  /** Consecutive answers without progress. */
  private int withoutProgress;

  /** Of these, answers that did not even invalidate held publications. */
  private int stuck;

  /** A read failed. */
  void failed() {
    failed++;
  }

  /** A read was answered; the result of the answer is reported next. */
  void answered() {
    failed = 0;
  }

  /** The answer brought progress. */
  void advanced() {
    withoutProgress = 0;
    stuck = 0;
  }

  /** The answer only showed that held publications are not part of the order. */
  void explained() {
    withoutProgress++;
    stuck = 0;
  }

  /** The answer was useless. */
  void stuck() {
    withoutProgress++;
    stuck++;
  }

  /** Whether another read would hardly help. */
  boolean areTooMany() {
    return stuck >= MOST_STUCK;
  }

  /** The doubt ended in a gap notice. */
  void endedInGap() {
    stuck = 0;
  }

  /** The number of earlier reads to count for the pause before the next one. */
  int backOff() {
    return failed + Math.max(0, withoutProgress - STEPS);
  }
}

package io.drumline.hub.order;

/** The purpose of a read of a destination's history. */
enum OrderRead {
  /** Finds the order's position before anything is delivered. */
  LOCATE,
  /** Reads the messages after the last one. */
  CHECK,
  /** Reads all of an epoch that replaced ours. */
  BEGINNING,
  /** Finds where the backplane's history diverges from ours. */
  REWIND,
  /** Reads history for joiners only. */
  PAST;

  /** Maximum publications of one read. */
  static final int PAGE = 1024;
}

package io.drumline.hub.order;

/** Why a destination's order asks for a read of history. */
enum OrderRead {
  /** Where the order is, before anything was delivered. */
  LOCATE,
  /** What came behind the last message. */
  CHECK,
  /** All of an epoch that took the place of ours. */
  BEGINNING,
  /** Where the backplane's history parts from ours. */
  REWIND,
  /** What joiners need of the past; nobody else waits for it. */
  PAST;

  /** Publications that a read asks for. */
  static final int PAGE = 1024;
}

package io.drumline.continuity;

/** What can be wrong with what a subscription saw. */
enum Fault {
  /** Accepted, due, and never seen; nothing that belongs behind it was seen either. */
  LOST,
  /** Seen twice. */
  DOUBLED,
  /** Seen after something that belongs behind it. */
  REORDERED,
  /** Never sent, or with a destination that it was not sent to. */
  PHANTOM,
  /** Missing between two messages that were seen, without a gap notice at that place. */
  UNFLAGGED
}

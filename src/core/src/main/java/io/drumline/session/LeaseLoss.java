package io.drumline.session;

/** Why a node found that its lease had ended. */
public enum LeaseLoss {
  /** It could not renew in time, though it ran: Redis was unavailable, or refused the renewal. */
  LAPSED,
  /** It had renewed in time: Redis has lost it (a restart, a failover). */
  LOST,
  /**
   * The node stood still meanwhile (a stopped process, a paused machine). What it knows is old, and
   * the others have gone on without it.
   */
  STOOD_STILL
}

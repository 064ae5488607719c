package io.drumline.session;

/** Why a node has lost its lease. */
public enum LeaseLoss {
  /** The node ran but could not renew in time: Redis was unavailable, or rejected the renewal. */
  LAPSED,
  /** The node renewed in time, but Redis has lost the lease (a restart, a failover). */
  LOST,
  /**
   * The node was paused (a stopped process, a suspended machine). Its state is outdated, and the
   * other nodes have continued without it.
   */
  STOOD_STILL
}

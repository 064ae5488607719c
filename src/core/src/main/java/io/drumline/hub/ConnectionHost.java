package io.drumline.hub;

/** Notifications from a connection to its shard. Called on its event loop. */
interface ConnectionHost {
  /** Something was written that must be flushed at the end of this turn of the event loop. */
  void flushLater(Connection connection);

  /** The channel is closed. */
  void ended(Connection connection);
}

package io.drumline.hub;

/** What a connection tells its shard. Called on its event loop. */
interface ConnectionHost {
  /** Something was written that is to be flushed when this turn of the event loop ends. */
  void flushLater(Connection connection);

  /** The socket has ended. */
  void ended(Connection connection);
}

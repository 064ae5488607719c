package io.drumline.redis.connection;

import io.lettuce.core.api.StatefulConnection;
import org.jspecify.annotations.Nullable;

/** Knows which Redis has which keys, for commands that another Redis must execute. */
public interface Topology {
  /** Requests the topology again; any thread. */
  void refresh();

  /**
   * The connection to the Redis at this address, or null if there is none; called by the
   * backplane's thread.
   */
  @Nullable StatefulConnection<String, byte[]> connectionTo(String address);
}

package io.drumline.redis.connection;

import io.lettuce.core.api.StatefulConnection;
import org.jspecify.annotations.Nullable;

/** Which Redis has which keys, for what one of them was asked that another one has. */
public interface Topology {
  /** Asks again which Redis has which keys; any thread. */
  void refresh();

  /**
   * The connection to the Redis at this address, or null where there is none; called by the
   * backplane's thread.
   */
  @Nullable StatefulConnection<String, byte[]> connectionTo(String address);
}

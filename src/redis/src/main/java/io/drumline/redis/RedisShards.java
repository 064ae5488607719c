package io.drumline.redis;

import io.lettuce.core.api.StatefulConnection;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Where keys and channels are: in the one Redis, or divided among the masters of a cluster. */
interface RedisShards {
  /**
   * Who has a key, or best takes what has none; any thread. Where nobody is known to, a shard that
   * has no connection.
   */
  RedisShard of(@Nullable String key);

  /** All of them; any thread. */
  Collection<RedisShard> all();

  /** Those that have keys, or slots for them; any thread. */
  Collection<RedisShard> serving();

  /**
   * The connection to the Redis at this address, or null where there is none; called by the
   * backplane's thread.
   */
  @Nullable StatefulConnection<String, byte[]> connectionTo(String address);

  /** Opens the connections; the methods from here on are called by the backplane's thread. */
  void start();

  /** Looks, several times a second, what has taken too long. */
  void expire();

  /** Completes when all connections are closed. */
  CompletionStage<Void> close();

  /** Looks again who has which keys: somebody was asked for what it has not. Any thread. */
  void look();
}

package io.drumline.redis.shard;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.connection.Topology;
import io.drumline.redis.publish.RedisPublisher;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Finds the Redis for keys and channels: the only one, or one of the masters of a cluster. */
public interface RedisShards extends Topology {
  /**
   * The shard that has a key; for null, any suitable one. Any thread. If none is known, a shard
   * without a connection.
   */
  RedisShard of(@Nullable String key);

  /** As {@link io.drumline.backplane.Backplane#publish}. */
  CompletionStage<String> publish(Draft draft);

  /** The current publisher for a destination; any thread. */
  RedisPublisher publisherOf(Destination destination);

  /** All shards; any thread. */
  Collection<RedisShard> all();

  /** The shards that have keys, or slots for them; any thread. */
  Collection<RedisShard> serving();

  /** Opens the connections; the methods from here on are called by the backplane's thread. */
  void start();

  /** Fails operations that timed out; called several times a second. */
  void expire();

  /** Completes when all connections are closed. */
  CompletionStage<Void> close();
}

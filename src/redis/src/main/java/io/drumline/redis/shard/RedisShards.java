package io.drumline.redis.shard;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.connection.Topology;
import io.drumline.redis.publish.RedisPublisher;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Where keys and channels are: in the one Redis, or divided among the masters of a cluster. */
public interface RedisShards extends Topology {
  /**
   * The one that has a key, or best takes what has none; any thread. Where none is known, a shard
   * without a connection.
   */
  RedisShard of(@Nullable String key);

  /** As {@link io.drumline.backplane.Backplane#publish}. */
  CompletionStage<String> publish(Draft draft);

  /** Who publishes to a destination now; any thread. */
  RedisPublisher publisherOf(Destination destination);

  /** All of them; any thread. */
  Collection<RedisShard> all();

  /** Those that have keys, or slots for them; any thread. */
  Collection<RedisShard> serving();

  /** Opens the connections; the methods from here on are called by the backplane's thread. */
  void start();

  /** Fails what has taken too long; several times a second. */
  void expire();

  /** Completes when all connections are closed. */
  CompletionStage<Void> close();
}

package io.drumline.redis;

import io.drumline.redis.connection.RedisLink;
import io.drumline.redis.shard.RedisShard;
import io.drumline.redis.shard.RedisShards;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds dead connections: what each shard publishes as a probe must come back on the connection
 * that is subscribed. Used on the backplane's thread.
 */
final class ConnectionCheck {
  private final RedisShards shards;
  private final RedisLink<StatefulRedisPubSubConnection<String, byte[]>> subscribing;

  ConnectionCheck(
      RedisShards shards, RedisLink<StatefulRedisPubSubConnection<String, byte[]>> subscribing) {
    this.shards = shards;
    this.subscribing = subscribing;
  }

  /** Sends probes, unless those before them show that a connection is dead. */
  void run() {
    if (subscribing.connection() == null) {
      reset();
      return;
    }
    List<RedisShard> unheard = new ArrayList<>();
    boolean heard = false;
    for (RedisShard shard : shards.all()) {
      switch (shard.check()) {
        case ALIVE -> heard = true;
        case SUBSCRIBER_SILENT -> unheard.add(shard);
        case PENDING, PUBLISHER_SILENT -> {
          // nothing is known of the subscriber
        }
      }
    }
    if (heard) {
      subscribing.resetBackoff();
      // The cluster does not pass on what these take; history has it.
      unheard.forEach(shard -> shard.probe().reset());
    } else if (!unheard.isEmpty()) {
      subscribing.replace("its pub/sub connection is silent");
    }
  }

  /** Forgets the probes so far: they say nothing of the next connection that is subscribed. */
  void reset() {
    shards.all().forEach(shard -> shard.probe().reset());
  }

  /** Takes what came back on the probes' channel; any thread. */
  void returned(byte[] bytes) {
    shards.all().forEach(shard -> shard.probe().returned(bytes));
  }
}

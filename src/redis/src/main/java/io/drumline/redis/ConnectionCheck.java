package io.drumline.redis;

import io.drumline.redis.connection.RedisLink;
import io.drumline.redis.shard.RedisShard;
import io.drumline.redis.shard.RedisShards;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds dead connections: the probes published by each shard must arrive on the subscribed
 * connection. Used on the backplane's thread.
 */
final class ConnectionCheck {
  private final RedisShards shards;
  private final RedisLink<StatefulRedisPubSubConnection<String, byte[]>> subscribing;

  ConnectionCheck(
      RedisShards shards, RedisLink<StatefulRedisPubSubConnection<String, byte[]>> subscribing) {
    this.shards = shards;
    this.subscribing = subscribing;
  }

  /** Sends probes, unless the previous ones show that a connection is dead. */
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
          // says nothing about the subscriber
        }
      }
    }
    if (heard) {
      subscribing.resetBackoff();
      // The cluster does not forward these shards' messages; they are in the history.
      unheard.forEach(shard -> shard.probe().reset());
    } else if (!unheard.isEmpty()) {
      subscribing.replace("its pub/sub connection is silent");
    }
  }

  /** Resets the probes: their results do not apply to the next subscribed connection. */
  void reset() {
    shards.all().forEach(shard -> shard.probe().reset());
  }

  /** Processes a message of the probe channel; any thread. */
  void returned(byte[] bytes) {
    shards.all().forEach(shard -> shard.probe().returned(bytes));
  }
}

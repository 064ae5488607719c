package io.drumline.redis.shard;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.publish.RedisPublisher;
import io.lettuce.core.api.StatefulConnection;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One Redis that has all keys: standalone, or the master named by Sentinels. */
public final class SingleShard implements RedisShards {
  private final RedisShard shard;
  private final List<RedisShard> all;

  /** As {@link RedisShard}. */
  public SingleShard(
      String place,
      Supplier<CompletionStage<StatefulConnection<String, byte[]>>> opener,
      ShardContext context) {
    shard = new RedisShard(place, opener, context, this, this::publisherOf);
    all = List.of(shard);
  }

  @Override
  public RedisShard of(@Nullable String key) {
    return shard;
  }

  @Override
  public CompletionStage<String> publish(Draft draft) {
    return shard.publisher().publish(draft);
  }

  @Override
  public RedisPublisher publisherOf(Destination destination) {
    return shard.publisher();
  }

  @Override
  public Collection<RedisShard> all() {
    return all;
  }

  @Override
  public Collection<RedisShard> serving() {
    return all;
  }

  @Override
  public @Nullable StatefulConnection<String, byte[]> connectionTo(String address) {
    return null; // there is no other
  }

  @Override
  public void start() {
    shard.open();
  }

  @Override
  public void expire() {
    shard.expire();
  }

  @Override
  public CompletionStage<Void> close() {
    return shard.close();
  }

  @Override
  public void refresh() {
    // there is no other
  }
}

package io.drumline.redis.shard;

/** Receives changes of the connections to shards, on the backplane's thread. */
public interface ShardWatcher {
  /** A shard is available. */
  void available();

  /** A shard is available again: its connection was lost before, or could not be opened. */
  void restored();

  /** A shard without slots is unavailable: calls that any shard can serve need not wait for it. */
  void tried();

  /** A shard with slots is unavailable: its connection was lost, or could not be opened. */
  void unavailable(String reason);
}

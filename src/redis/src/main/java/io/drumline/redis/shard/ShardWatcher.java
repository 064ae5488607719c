package io.drumline.redis.shard;

/** Is told what becomes of the connections to shards, on the backplane's thread. */
public interface ShardWatcher {
  /** A shard can be used. */
  void available();

  /** It can be used again: its connection was lost before, or could not be opened. */
  void restored();

  /** One that has no slots cannot be used: what any of them takes may wait for it no longer. */
  void tried();

  /** One that has slots cannot: its connection was lost, or could not be opened. */
  void unavailable(String reason);
}

package io.drumline.redis.state;

import io.drumline.redis.shard.RedisShards;
import io.drumline.redis.status.Operation;
import io.drumline.redis.status.RedisRefusals;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The calls of all kinds that a node makes, each kind with a bound of its own. */
public final class CallLanes {
  private final RedisRefusals refusals;
  private final Duration timeout;
  private final EventExecutor owner;
  private final RedisShards shards;
  private final List<RedisCalls> lanes = new ArrayList<>();

  /**
   * @param timeout how long Redis may take to answer
   * @param owner the backplane's thread
   * @param shards where the connections are
   */
  public CallLanes(
      RedisRefusals refusals, Duration timeout, EventExecutor owner, RedisShards shards) {
    this.refusals = refusals;
    this.timeout = timeout;
    this.owner = owner;
    this.shards = shards;
  }

  /**
   * Calls of another kind; called before the backplane starts.
   *
   * @param operation what the calls are about
   * @param sentence how the sentence of a failure begins, such as {@code The session cannot be
   *     opened now}
   * @param maxCalls calls that may wait for Redis; what comes beyond them fails at once
   */
  RedisCalls open(Operation operation, String sentence, int maxCalls) {
    RedisCalls calls =
        new RedisCalls(operation, sentence, maxCalls, refusals, timeout, owner, shards);
    lanes.add(calls);
    return calls;
  }

  /** Sends what waits, or rejects it, where it is known by now which; any thread. */
  public void resume() {
    lanes.forEach(RedisCalls::resume);
  }

  /** Whether Redis has answered one that it is a read-only replica since the last call. */
  public boolean wereReadOnly() {
    boolean readOnly = false;
    for (RedisCalls calls : lanes) {
      readOnly |= calls.wasReadOnly(); // ask each, or it would say so again later
    }
    return readOnly;
  }
}

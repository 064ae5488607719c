package io.drumline.redis.state;

import io.drumline.redis.shard.RedisShards;
import io.drumline.redis.status.Operation;
import io.drumline.redis.status.RedisRefusals;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** All kinds of calls that a node makes, each kind with a limit of its own. */
public final class CallLanes {
  private final RedisRefusals refusals;
  private final Duration timeout;
  private final EventExecutor owner;
  private final RedisShards shards;
  private final List<RedisCalls> lanes = new ArrayList<>();

  /**
   * @param timeout how long Redis may take to answer
   * @param owner the backplane's thread
   * @param shards have the connections
   */
  public CallLanes(
      RedisRefusals refusals, Duration timeout, EventExecutor owner, RedisShards shards) {
    this.refusals = refusals;
    this.timeout = timeout;
    this.owner = owner;
    this.shards = shards;
  }

  /**
   * Creates a lane for another kind of calls; called before the backplane starts.
   *
   * @param operation the kind of calls, for metrics and errors
   * @param sentence the beginning of error messages, such as {@code The session cannot be opened
   *     now}
   * @param maxCalls maximum number of pending calls; further ones fail at once
   */
  RedisCalls open(Operation operation, String sentence, int maxCalls) {
    RedisCalls calls =
        new RedisCalls(operation, sentence, maxCalls, refusals, timeout, owner, shards);
    lanes.add(calls);
    return calls;
  }

  /**
   * Sends the calls that wait for the first connection, or rejects them if it failed; any thread.
   */
  public void resume() {
    lanes.forEach(RedisCalls::resume);
  }

  /**
   * Whether Redis has answered a call that it is a read-only replica since the last call of this.
   */
  public boolean wereReadOnly() {
    boolean readOnly = false;
    for (RedisCalls calls : lanes) {
      readOnly |= calls.wasReadOnly(); // ask each one, to clear its flag
    }
    return readOnly;
  }
}

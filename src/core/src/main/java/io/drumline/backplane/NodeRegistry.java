package io.drumline.backplane;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Knows which nodes are alive. Each run of a node holds a lease, and is alive while it has not
 * ended; the registry's own clock counts, not the nodes'.
 *
 * <p>Thread safe. Nothing blocks; stages complete on any thread.
 */
public interface NodeRegistry {
  /** Most nodes of an answer. */
  int MAX_NODES = 1024;

  /**
   * Takes or renews this run's lease, stores what it says of itself, and tells who else is alive.
   *
   * @param lease how long the lease is from now on
   * @return fails with {@link BackplaneException} while the registry is away; it is not known then
   *     whether the lease was renewed
   */
  CompletionStage<Renewal> renew(NodeRun self, NodeState state, Duration lease);

  /** Gives this run's lease up; fails with {@link BackplaneException} as {@link #renew} does. */
  CompletionStage<Void> leave(NodeRun self);

  /**
   * What a node says of itself.
   *
   * @param connections open connections of clients
   * @param draining whether it sends its clients away
   */
  record NodeState(int connections, boolean draining) {}

  /**
   * A node that is alive.
   *
   * @param left until its lease ends
   */
  record Alive(NodeRun run, NodeState state, Duration left) {}

  /**
   * How a renewal ended.
   *
   * @param held whether the run had a lease that had not ended; it has one now in any case
   * @param nodes who is alive, this run too, in no order; the first {@link #MAX_NODES} of them
   */
  record Renewal(boolean held, List<Alive> nodes) {}
}

package io.drumline.backplane;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Knows which nodes are alive. Each run of a node holds a lease and is alive until the lease
 * expires, by the registry's own clock, not the nodes'.
 *
 * <p>Thread safe. Nothing blocks; stages complete on any thread.
 */
public interface NodeRegistry {
  /** Maximum number of nodes in an answer. */
  int MAX_NODES = 1024;

  /**
   * Acquires or renews this run's lease, stores its state, and returns the nodes that are alive.
   *
   * @param lease duration of the lease from now on
   * @return fails with {@link BackplaneException} while the registry is unavailable; whether the
   *     lease was renewed is unknown then
   */
  CompletionStage<Renewal> renew(NodeRun self, NodeState state, Duration lease);

  /** Releases this run's lease; fails with {@link BackplaneException} as {@link #renew} does. */
  CompletionStage<Void> leave(NodeRun self);

  /**
   * The state that a node reports.
   *
   * @param connections open client connections
   * @param draining whether it is draining
   */
  record NodeState(int connections, boolean draining) {}

  /**
   * A node that is alive.
   *
   * @param left time until its lease expires
   */
  record Alive(NodeRun run, NodeState state, Duration left) {}

  /**
   * The result of a renewal.
   *
   * @param held whether the run still held a lease before; it holds one now in any case
   * @param nodes the nodes alive, including this run, in no order; at most {@link #MAX_NODES}
   */
  record Renewal(boolean held, List<Alive> nodes) {}
}

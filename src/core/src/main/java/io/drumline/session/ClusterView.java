package io.drumline.session;

import io.drumline.backplane.NodeRegistry.NodeState;
import io.drumline.backplane.NodeRun;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The nodes of the cluster as this node saw them with its last renewal.
 *
 * @param refreshed when that was, by this node's clock
 * @param age for how long it has not been refreshed
 * @param nodes who was alive then, sorted by id; this node is among them
 */
public record ClusterView(Instant refreshed, Duration age, List<Member> nodes) {

  /**
   * A node.
   *
   * @param left until its lease ends as far as this node knows; negative where that is past
   * @param self whether it is this node
   */
  public record Member(NodeRun run, NodeState state, Duration left, boolean self) {

    /** Whether its lease has not ended, as far as this node knows. */
    public boolean alive() {
      return !left.isNegative() && !left.isZero();
    }
  }

  /** How many nodes are alive, as far as this node knows; none where it knows nothing new. */
  public int alive() {
    return (int) nodes.stream().filter(Member::alive).count();
  }
}

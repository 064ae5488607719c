package io.drumline.session;

import io.drumline.backplane.NodeRegistry.NodeState;
import io.drumline.backplane.NodeRun;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The nodes of the cluster as of this node's last renewal.
 *
 * @param refreshed when it was renewed, by this node's clock
 * @param age time since the renewal
 * @param nodes the nodes alive then, sorted by id, including this node
 */
public record ClusterView(Instant refreshed, Duration age, List<Member> nodes) {

  /**
   * A node.
   *
   * @param left time until its lease expires as far as this node knows; negative if it has expired
   * @param self whether it is this node
   */
  public record Member(NodeRun run, NodeState state, Duration left, boolean self) {

    /** Whether its lease has not expired, as far as this node knows. */
    public boolean alive() {
      return !left.isNegative() && !left.isZero();
    }
  }

  /** The number of nodes alive, as far as this node knows; 0 if its information is outdated. */
  public int alive() {
    return (int) nodes.stream().filter(Member::alive).count();
  }
}

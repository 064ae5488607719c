package io.drumline.api;

import io.drumline.session.ClusterView;
import io.drumline.session.ClusterView.Member;
import io.drumline.session.Nodes;
import java.time.Instant;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Shows the nodes of the cluster, as of this node's last renewal. While Redis is unavailable, the
 * answer is the last known state, marked as stale.
 */
@RestController
final class NodesController {
  private final Nodes nodes;

  NodesController(Nodes nodes) {
    this.nodes = nodes;
  }

  /**
   * The nodes.
   *
   * @param refreshed when this node last received the list
   * @param age seconds since then
   * @param stale whether that is longer than the lease, so that the list may be outdated
   * @param nodes the nodes alive then, by id
   */
  record Answer(Instant refreshed, double age, boolean stale, List<Node> nodes) {}

  /**
   * A node.
   *
   * @param address host name or address of its ports
   * @param connections client connections
   * @param draining whether it is draining
   * @param self whether it is the node that answers
   * @param leaseEndsIn seconds; negative if it has expired, as far as the answering node knows
   */
  record Node(
      String id,
      String incarnation,
      String address,
      int clientPort,
      int controlPort,
      String version,
      Instant started,
      int connections,
      boolean draining,
      boolean self,
      double leaseEndsIn) {}

  @GetMapping("/api/v1/nodes")
  Answer nodes() {
    ClusterView view =
        nodes
            .view()
            .orElseThrow(
                () ->
                    Problems.of(
                        HttpStatus.SERVICE_UNAVAILABLE,
                        "This node has not reached the other nodes' registry yet."));
    return new Answer(
        view.refreshed(),
        view.age().toMillis() / 1e3,
        view.age().compareTo(nodes.lease()) > 0,
        view.nodes().stream().map(NodesController::node).toList());
  }

  private static Node node(Member member) {
    return new Node(
        member.run().id(),
        member.run().incarnation(),
        member.run().host(),
        member.run().clientPort(),
        member.run().controlPort(),
        member.run().version(),
        member.run().started(),
        member.state().connections(),
        member.state().draining(),
        member.self(),
        member.left().toMillis() / 1e3);
  }
}

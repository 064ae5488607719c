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
 * Shows the nodes of the cluster, as this node knows them from its last renewal. An operator looks
 * here when something is wrong: while Redis is away the answer is what was known last, and says so.
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
   * @param refreshed when this node heard of them
   * @param age seconds since then
   * @param stale whether that is longer ago than a lease lasts: all may be otherwise now
   * @param nodes who was alive then, by id
   */
  record Answer(Instant refreshed, double age, boolean stale, List<Node> nodes) {}

  /**
   * A node.
   *
   * @param address where its ports are
   * @param connections of clients
   * @param draining whether it sends its clients away
   * @param self whether it is the node that answers
   * @param leaseEndsIn seconds; below 0 where it has ended, as far as the answering node knows
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

package io.drumline.ops;

import io.drumline.session.ClusterView;
import io.drumline.session.ClusterView.Member;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Computes how many clients this node has beyond its share of the cluster's. Not thread-safe.
 *
 * <p>Counts of other nodes are seconds old, and clients that are reconnecting are counted nowhere,
 * so the mean looks too low while many move. Therefore the highest mean of the settle time is used.
 */
final class Share {
  private final double tolerance;
  private final long settleNanos;
  private final Deque<Mean> means = new ArrayDeque<>();
  private Set<String> members = Set.of();
  private long calmSince;
  private boolean above;

  private record Mean(double clients, long nanos) {}

  Share(double tolerance, Duration settle) {
    this.tolerance = tolerance;
    settleNanos = settle.toNanos();
  }

  /** Updates the view of the cluster. */
  void saw(ClusterView view, long now) {
    Set<String> incarnations =
        view.nodes().stream().map(node -> node.run().incarnation()).collect(Collectors.toSet());
    boolean calm = view.nodes().stream().allMatch(node -> node.alive() && !node.state().draining());
    if (!calm || !incarnations.equals(members)) {
      members = new HashSet<>(incarnations);
      sawNothing(now);
      return;
    }
    means.addLast(
        new Mean(
            view.nodes().stream()
                .map(Member::state)
                .mapToInt(state -> state.connections())
                .average()
                .orElse(0),
            now));
    while (now - means.getFirst().nanos > settleNanos) {
      means.removeFirst();
    }
  }

  /** Notes that the cluster is unknown, or about to change. */
  void sawNothing(long now) {
    calmSince = now;
    above = false;
    means.clear();
  }

  /** How far this node is above the latest mean; negative if it is below. */
  double above(int own) {
    return means.isEmpty() ? 0 : own - means.getLast().clients;
  }

  /** Whether there are other nodes, and for the settle time none has come or gone. */
  boolean settled(long now) {
    return !means.isEmpty() && members.size() >= 2 && now - calmSince >= settleNanos;
  }

  /** The number of this node's clients that should move; 0 until the cluster has settled. */
  int excess(int own, long now) {
    if (!settled(now)) {
      return 0;
    }
    double mean = means.stream().mapToDouble(Mean::clients).max().orElse(own);
    int share = (int) Math.ceil(mean);
    above = above ? own > share : own > share && own > mean * (1 + tolerance);
    return above ? own - share : 0;
  }
}

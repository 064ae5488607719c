package io.drumline.continuity;

import io.drumline.continuity.Evidence.Lane;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is known of one destination's order: which message came before which, from the logs of all
 * subscriptions and from the publishers' own sequences. Message ids are opaque: offsets in them are
 * not looked at.
 */
final class Order {
  /** A publisher's own sequence weighs more than what any number of subscriptions claims. */
  private static final int CERTAIN = 1_000_000;

  /** A published message. */
  static final class Node {
    final Content content;
    private final Map<Node, Integer> next = new LinkedHashMap<>();
    private final Set<Node> previous = new HashSet<>();
    private int rank = -1;

    private Node(Content content) {
      this.content = content;
    }

    private void precedes(Node other, int weight) {
      next.merge(other, weight, Integer::sum);
      other.previous.add(this);
    }
  }

  private final Map<String, Node> byId = new LinkedHashMap<>();
  private final Map<Content, List<Node>> byContent = new LinkedHashMap<>();

  /** The message with this id; a new one where it was not seen before. */
  Node seen(String messageId, Content content) {
    Node known = byId.get(messageId);
    if (known != null) {
      return known;
    }
    Node node = add(content);
    byId.put(messageId, node);
    return node;
  }

  private Node add(Content content) {
    Node node = new Node(content);
    byContent.computeIfAbsent(content, key -> new ArrayList<>(1)).add(node);
    return node;
  }

  /** Some subscription saw these in this order. */
  void saw(List<Node> nodes) {
    for (int i = 1; i < nodes.size(); i++) {
      nodes.get(i - 1).precedes(nodes.get(i), 1);
    }
  }

  /** A publisher's accepted messages are there, seen or not, and in its order. */
  void published(String destination, Lane lane) {
    List<Node> before = List.of();
    for (long sequence = 1; sequence <= lane.sent(); sequence++) {
      Content content = new Content(destination, lane.publisher(), sequence);
      if (lane.unknown().contains(sequence)) {
        continue; // nobody knows where it is
      }
      if (sequence <= lane.accepted() && !byContent.containsKey(content)) {
        add(content);
      }
      List<Node> copies = byContent.getOrDefault(content, List.of());
      for (Node earlier : before) {
        copies.forEach(copy -> earlier.precedes(copy, CERTAIN));
      }
      before = copies.isEmpty() ? before : copies;
    }
  }

  /** All messages. */
  Collection<Node> nodes() {
    return byContent.values().stream().flatMap(List::stream).toList();
  }

  /**
   * Gives each message its rank in the order that fewest contradict: where the claims run in a
   * circle, the message goes next that fewest want something before.
   */
  void settle() {
    Map<Node, Integer> waiting = new LinkedHashMap<>();
    nodes().forEach(node -> waiting.put(node, 0));
    waiting.keySet().stream()
        .toList()
        .forEach(
            node -> node.next.forEach((to, weight) -> waiting.merge(to, weight, Integer::sum)));
    ArrayDeque<Node> ready = new ArrayDeque<>();
    waiting.forEach(
        (node, weight) -> {
          if (weight == 0) {
            ready.add(node);
          }
        });
    for (int rank = 0; !waiting.isEmpty(); rank++) {
      Node node = ready.isEmpty() ? leastContradicted(waiting) : ready.remove();
      node.rank = rank;
      waiting.remove(node);
      node.next.forEach(
          (to, weight) -> {
            Integer left = waiting.computeIfPresent(to, (key, sum) -> sum - weight);
            if (left != null && left == 0) {
              ready.add(to);
            }
          });
    }
  }

  /** Of a circle that nothing outside it comes before, the message with the fewest claims. */
  private static Node leastContradicted(Map<Node, Integer> waiting) {
    record Candidate(Node node, Set<Node> before, int claims) {}
    return waiting.entrySet().stream()
        .map(entry -> new Candidate(entry.getKey(), unranked(entry.getKey()), entry.getValue()))
        .min(
            Comparator.<Candidate>comparingInt(candidate -> candidate.before.size())
                .thenComparing(candidate -> !candidate.before.contains(candidate.node))
                .thenComparingInt(candidate -> candidate.claims))
        .orElseThrow()
        .node;
  }

  /** What waits for its rank and is known to come before the node; in a circle, the node too. */
  private static Set<Node> unranked(Node node) {
    return reach(
        List.of(node),
        each -> each.previous.stream().filter(other -> other.rank < 0).collect(Collectors.toSet()),
        Set.of());
  }

  /** How many of these would have to move, at the least, to be in order. */
  static int misplaced(List<Node> nodes) {
    TreeSet<Integer> lastOfRuns = new TreeSet<>(); // of each length, the run that ends lowest
    for (Node node : nodes) {
      Integer higher = lastOfRuns.ceiling(node.rank);
      if (higher != null) {
        lastOfRuns.remove(higher);
      }
      lastOfRuns.add(node.rank);
    }
    return nodes.size() - lastOfRuns.size();
  }

  /** Everything that is known to come after one of these. */
  static Set<Node> after(Collection<Node> nodes) {
    return reach(nodes, node -> node.next.keySet(), Set.of());
  }

  /** Everything that is known to come before one of these. */
  static Set<Node> before(Collection<Node> nodes) {
    return reach(nodes, node -> node.previous, Set.of());
  }

  /** The nearest of {@code marks} that are known to come after the node. */
  static Set<Node> nextOf(Node node, Set<Node> marks) {
    return nearest(node, each -> each.next.keySet(), marks);
  }

  /** The nearest of {@code marks} that are known to come before the node. */
  static Set<Node> previousOf(Node node, Set<Node> marks) {
    return nearest(node, each -> each.previous, marks);
  }

  private static Set<Node> nearest(
      Node node, Function<Node, Set<Node>> neighbours, Set<Node> marks) {
    Set<Node> found = reach(List.of(node), neighbours, marks);
    found.retainAll(marks);
    return found;
  }

  private static Set<Node> reach(
      Collection<Node> from, Function<Node, Set<Node>> neighbours, Set<Node> ends) {
    Set<Node> reached = new HashSet<>();
    ArrayDeque<Node> open = new ArrayDeque<>(from);
    while (!open.isEmpty()) {
      for (Node each : neighbours.apply(open.remove())) {
        if (reached.add(each) && !ends.contains(each)) {
          open.add(each);
        }
      }
    }
    return reached;
  }
}

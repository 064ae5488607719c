package io.drumline.continuity;

import io.drumline.continuity.Event.Notice;
import io.drumline.continuity.Event.Received;
import io.drumline.continuity.Evidence.Lane;
import io.drumline.continuity.Evidence.Log;
import io.drumline.continuity.Evidence.Until;
import io.drumline.continuity.Order.Node;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Judges the subscriptions of one destination. */
final class Judge {
  private static final int NOWHERE = -1;

  private final String destination;
  private final Map<String, Lane> lanes;
  private final Tally tally;
  private final Order order = new Order();
  private final Map<String, Content> contents = new HashMap<>();
  private final List<Reading> readings = new ArrayList<>();

  /**
   * A log, read.
   *
   * @param places where in the log each message was seen, in the order of the log
   * @param notices where in the log there are gap notices
   */
  private record Reading(Log log, Map<Node, Integer> places, TreeMap<Integer, Notice> notices) {
    /** Whether there is a gap notice between two places, in whatever order they are. */
    boolean flags(int one, int other) {
      Integer place = notices.higherKey(Math.min(one, other));
      return place != null && place < Math.max(one, other);
    }

    /** Where the backplane is first said to have lost messages after this place, or nowhere. */
    int lossAfter(int place) {
      return notices.tailMap(place).entrySet().stream()
          .filter(entry -> entry.getValue().historyLost())
          .map(Map.Entry::getKey)
          .findFirst()
          .orElse(NOWHERE);
    }
  }

  Judge(String destination, Collection<Lane> lanes, Tally tally) {
    this.destination = destination;
    this.lanes = lanes.stream().collect(Collectors.toMap(Lane::publisher, Function.identity()));
    this.tally = tally;
  }

  void judge(List<Log> logs) {
    logs.forEach(log -> readings.add(read(log)));
    readings.forEach(reading -> order.saw(List.copyOf(reading.places.keySet())));
    lanes.values().forEach(lane -> order.published(destination, lane));
    order.settle();
    for (Reading reading : readings) {
      int misplaced = Order.misplaced(List.copyOf(reading.places.keySet()));
      if (misplaced > 0) {
        tally.found(Fault.REORDERED, misplaced, reading.log, "contradicts the order of others");
      }
      missing(reading);
    }
  }

  private Reading read(Log log) {
    Reading reading = new Reading(log, new LinkedHashMap<>(), new TreeMap<>());
    Map<Content, Integer> last = new HashMap<>();
    Set<String> ids = new HashSet<>();
    for (int place = 0; place < log.events().size(); place++) {
      Event event = log.events().get(place);
      if (event instanceof Notice notice) {
        tally.notice(notice);
        reading.notices.put(place, notice);
      } else if (event instanceof Received received && wasSent(log, received)) {
        Content content = received.content();
        Integer earlier = last.put(content, place);
        boolean newId = ids.add(received.messageId());
        if (earlier == null || (newId && publishedAgain(content, reading.lossAfter(earlier)))) {
          reading.places.put(order.seen(received.messageId(), content), place);
        } else {
          tally.found(Fault.DOUBLED, 1, log, content + " with " + received.messageId());
        }
      }
    }
    return reading;
  }

  /** Whether somebody sent this here; what has but the wrong label counts as seen all the same. */
  private boolean wasSent(Log log, Received received) {
    Content content = received.content();
    Lane lane = lanes.get(content.publisher());
    boolean sent =
        content.destination().equals(destination)
            && lane != null
            && content.sequence() >= 1
            && content.sequence() <= lane.sent()
            && contents.computeIfAbsent(received.messageId(), id -> content).equals(content);
    if (!sent || !received.label().equals(destination)) {
      tally.found(Fault.PHANTOM, 1, log, received.toString());
    } else {
      tally.delivered();
    }
    return sent;
  }

  /**
   * Whether a second copy is right: when the backplane loses its history, it forgets the ids that
   * it has seen, and the publisher did send the message again.
   */
  private boolean publishedAgain(Content content, int loss) {
    Lane lane = lanes.get(content.publisher());
    return loss != NOWHERE && lane != null && lane.retried().contains(content.sequence());
  }

  private void missing(Reading reading) {
    Log log = reading.log;
    Set<Node> seen = reading.places.keySet();
    Set<Node> after = Order.after(seen);
    Set<Node> before = log.until() == Until.IT_LEFT ? Order.before(seen) : Set.of();
    for (Node node : order.nodes()) {
      Content content = node.content;
      Lane lane = lanes.get(content.publisher());
      boolean due =
          content.sequence() > log.before().getOrDefault(content.publisher(), 0L)
              || after.contains(node);
      boolean left = log.until() == Until.IT_LEFT && !before.contains(node);
      boolean accepted = lane != null && lane.isAccepted(content.sequence());
      if (due && !left && accepted && !seen.contains(node)) {
        missing(reading, node);
      }
    }
  }

  private void missing(Reading reading, Node node) {
    Map<Node, Integer> places = reading.places;
    int previous =
        Order.previousOf(node, places.keySet()).stream()
            .mapToInt(places::get)
            .max()
            .orElse(NOWHERE);
    int next =
        Order.nextOf(node, places.keySet()).stream()
            .mapToInt(places::get)
            .min()
            .orElse(Integer.MAX_VALUE);
    if (reading.flags(previous, next)) {
      tally.flagged();
    } else if (abandoned(node, places.keySet())) {
      tally.abandoned();
    } else if (next == Integer.MAX_VALUE) {
      tally.found(Fault.LOST, 1, reading.log, node.content.toString());
    } else {
      tally.found(
          Fault.UNFLAGGED,
          1,
          reading.log,
          node.content + " between the events " + previous + " and " + next);
    }
  }

  /**
   * Whether the message was on a branch of history that the backplane has lost, so that whoever had
   * not seen it yet cannot know of it: all who saw it were told of the loss before they saw
   * anything more that this subscription has seen too.
   */
  private boolean abandoned(Node node, Set<Node> seen) {
    List<Reading> witnesses =
        readings.stream().filter(other -> other.places.containsKey(node)).toList();
    return !witnesses.isEmpty() && witnesses.stream().allMatch(w -> abandonedFor(w, node, seen));
  }

  private static boolean abandonedFor(Reading witness, Node node, Set<Node> seen) {
    int place = witness.places.getOrDefault(node, NOWHERE);
    int loss = witness.lossAfter(place);
    return loss != NOWHERE
        && witness.places.entrySet().stream()
            .filter(entry -> entry.getValue() > place && entry.getValue() < loss)
            .noneMatch(entry -> seen.contains(entry.getKey()));
  }
}

package io.drumline.continuity;

import io.drumline.continuity.Event.Notice;
import io.drumline.continuity.Event.Received;
import io.drumline.continuity.Evidence.Lane;
import io.drumline.continuity.Evidence.Log;
import io.drumline.continuity.Evidence.Until;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** A run that never was: flawless from the seed, until a test spoils it. */
final class Scene {
  private static final int DESTINATIONS = 3;
  private static final int PUBLISHERS = 3;
  private static final int MESSAGES = 60;
  private static final int SUBSCRIBERS = 5;

  /** Far enough from both ends for every spoiling, and for a neighbour of the same publisher. */
  private static final int MARGIN = 20;

  private final Random random;
  private final Map<String, List<Received>> published = new HashMap<>();
  private final Map<String, Set<Long>> retried = new HashMap<>();
  private final List<Log> logs = new ArrayList<>();

  Scene(long seed) {
    random = new Random(seed);
    for (int d = 0; d < DESTINATIONS; d++) {
      String destination = "/topic/" + d;
      List<Received> order = new ArrayList<>();
      long[] sequences = new long[PUBLISHERS];
      for (int m = 0; m < MESSAGES; m++) {
        int publisher = random.nextInt(PUBLISHERS);
        order.add(message(destination, "p" + publisher, ++sequences[publisher]));
      }
      published.put(destination, order);
      for (int s = 0; s < SUBSCRIBERS; s++) {
        logs.add(log(destination, "s" + s, 0, Until.THE_QUIET_END));
      }
    }
  }

  private Received message(String destination, String publisher, long sequence) {
    return new Received(
        Long.toHexString(random.nextLong()),
        destination,
        new Content(destination, publisher, sequence));
  }

  private Log log(String destination, String subscriber, int from, Until until) {
    List<Received> order = order(destination);
    Map<String, Long> before = new HashMap<>();
    for (Received earlier : order.subList(0, from)) {
      before.merge(earlier.content().publisher(), 1L, Long::sum);
    }
    return new Log(
        subscriber, destination, before, new ArrayList<>(order.subList(from, order.size())), until);
  }

  /** One subscription of many. */
  Log any() {
    return logs.get(random.nextInt(logs.size()));
  }

  /** All subscriptions of the destination. */
  List<Log> at(String destination) {
    return logs.stream().filter(log -> log.destination().equals(destination)).toList();
  }

  /** The destination's messages as they were published. */
  List<Received> order(String destination) {
    List<Received> order = published.get(destination);
    if (order == null) {
      throw new AssertionError("No such destination: " + destination);
    }
    return order;
  }

  /** A place in the middle of a log. */
  int middle() {
    return MARGIN + random.nextInt(MESSAGES - 2 * MARGIN);
  }

  /** Somebody who came late, saw the last message before its RECEIPT too, and left early. */
  Log visitor(String destination) {
    int from = 10 + random.nextInt(10);
    Log log = log(destination, "visitor", from, Until.IT_LEFT);
    Received earlier = order(destination).get(from - 1);
    log.events().add(0, earlier);
    log.events().subList(middle(), log.events().size()).clear();
    logs.add(log);
    return log;
  }

  /** The message was sent more than once. */
  void retried(Content content) {
    retried
        .computeIfAbsent(content.destination() + content.publisher(), key -> new HashSet<>())
        .add(content.sequence());
  }

  /** Another copy of the message, published with an id of its own. */
  Received copy(Received original) {
    Content content = original.content();
    return message(content.destination(), content.publisher(), content.sequence());
  }

  /** A message that nobody sent. */
  Received phantom(String destination) {
    return message(destination, "p0", MESSAGES + 1L);
  }

  static Notice gap(String reason) {
    return new Notice("behind-the-gap", reason, "unknown");
  }

  Verdict verdict() {
    Map<String, List<Lane>> lanes = new HashMap<>();
    published.forEach(
        (destination, order) -> {
          List<Lane> all = new ArrayList<>();
          for (int p = 0; p < PUBLISHERS; p++) {
            String name = "p" + p;
            long sent = order.stream().filter(m -> m.content().publisher().equals(name)).count();
            all.add(new Lane(name, sent, sent, retried.getOrDefault(destination + name, Set.of())));
          }
          lanes.put(destination, all);
        });
    return Verdict.of(new Evidence(lanes, logs));
  }
}

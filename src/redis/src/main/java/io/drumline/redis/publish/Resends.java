package io.drumline.redis.publish;

import io.drumline.message.Destination;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * One publisher's publications to resend, in the order in which they were first sent. Added on any
 * thread, taken on the owner's.
 */
final class Resends {
  /** The Redis that has the keys, without ASK. */
  static final String USUAL = "";

  private static final String LATER = "later";

  private final Queue<PendingPublication> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger announced = new AtomicInteger();

  /** Nothing is resent before {@link #resume}: it would probably fail again at once. */
  private volatile boolean pausing;

  void add(PendingPublication publication) {
    queue.add(publication);
  }

  /** One will be added once its target is known; nothing can be taken before. */
  void announce() {
    announced.incrementAndGet();
  }

  void addAnnounced(PendingPublication publication) {
    queue.add(publication);
    announced.decrementAndGet();
  }

  /** Whether there are none, and none is announced. */
  boolean isEmpty() {
    return announced.get() == 0 && queue.isEmpty(); // in this order: addAnnounced() adds first
  }

  Queue<PendingPublication> queue() {
    return queue;
  }

  /** Removes publications that are done, such as those that timed out. */
  void removeDone(Consumer<PendingPublication> removed) {
    queue.removeIf(
        publication -> {
          boolean done = publication.result.isDone();
          if (done) {
            removed.accept(publication);
          }
          return done;
        });
  }

  void pause() {
    pausing = true;
  }

  void resume() {
    pausing = false;
  }

  boolean isPausing() {
    return pausing;
  }

  /**
   * Takes the publications to send now, by the address of the Redis to ask. Those of one
   * destination go to one Redis at a time, since another could be faster; the others stay.
   *
   * @param redirects holds publications that must wait for others of their destination
   */
  Map<String, List<PendingPublication>> take(Redirects redirects) {
    List<PendingPublication> all = new ArrayList<>();
    for (PendingPublication next; (next = queue.poll()) != null; ) {
      all.add(next);
    }
    // Publications never sent, which another publisher handed over, come after those sent before.
    all.sort(
        Comparator.comparingLong(
            publication -> publication.wasSent() ? publication.sequence() : Long.MAX_VALUE));
    Map<String, List<PendingPublication>> taken = new LinkedHashMap<>();
    Map<Destination, String> routes = new HashMap<>();
    for (PendingPublication next : all) {
      if (next.wasRedirected()) {
        redirects.add(next);
      } else if (!next.wasSent() && redirects.holdsBack(next)) {
        continue;
      }
      String route = next.askAddress() == null ? USUAL : next.askAddress();
      if (routes.computeIfAbsent(next.destination, first -> route).equals(route)) {
        taken.computeIfAbsent(route, address -> new ArrayList<>()).add(next);
      } else {
        routes.put(next.destination, LATER);
        queue.add(next);
      }
    }
    return taken;
  }
}

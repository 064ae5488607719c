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
 * Publications of one publisher that are to be sent again, in the order in which they were sent
 * first. Any thread adds; the owner's takes.
 */
final class Resends {
  /** The Redis that has the keys: no other one is asked. */
  static final String USUAL = "";

  private static final String LATER = "later";

  private final Queue<PendingPublication> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger announced = new AtomicInteger();

  /** Nothing is sent again before {@link #resume}: it would be lost again at once. */
  private volatile boolean pausing;

  void add(PendingPublication publication) {
    queue.add(publication);
  }

  /** One will be added once it is known where it is to be sent; it cannot be taken before. */
  void announce() {
    announced.incrementAndGet();
  }

  void addAnnounced(PendingPublication publication) {
    queue.add(publication);
    announced.decrementAndGet();
  }

  /** Whether there are none, and none is announced. */
  boolean isEmpty() {
    return announced.get() == 0 && queue.isEmpty(); // in this order, as one is added first
  }

  Queue<PendingPublication> queue() {
    return queue;
  }

  /** Takes out those that are done, such as those that timed out. */
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
   * Takes those that are sent now, by the address of the Redis that is asked for them. Those of a
   * destination all go to the same one at a time, since another could be faster; the others stay.
   *
   * @param redirects takes what waits behind others of its destination
   */
  Map<String, List<PendingPublication>> take(Redirects redirects) {
    List<PendingPublication> all = new ArrayList<>();
    for (PendingPublication next; (next = queue.poll()) != null; ) {
      all.add(next);
    }
    // Behind those that were sent before come those that another publisher only had to send.
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

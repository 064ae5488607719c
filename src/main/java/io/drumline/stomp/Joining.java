package io.drumline.stomp;

import io.drumline.message.Destination;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * One session's SUBSCRIBEs that are not live yet, by destination, and what waits for them, in
 * order. Used on the connection's event loop.
 */
final class Joining {
  private static final class Joins {
    private final ArrayDeque<Runnable> behind = new ArrayDeque<>(0);
    private int open;
  }

  private final Map<Destination, Joins> byDestination = new HashMap<>(2);

  void begins(Destination destination) {
    byDestination.computeIfAbsent(destination, key -> new Joins()).open++;
  }

  /** One is live or gone: what waited for the last of its destination goes on. */
  void ended(Destination destination) {
    Joins joins = byDestination.get(destination);
    if (joins != null && --joins.open == 0) {
      byDestination.remove(destination);
      for (Runnable next; (next = joins.behind.poll()) != null; ) {
        next.run();
      }
    }
  }

  /** Keeps a task until no SUBSCRIBE to this destination is open; false if none is. */
  boolean defer(Destination destination, Runnable task) {
    Joins joins = byDestination.get(destination);
    return joins != null && joins.behind.add(task);
  }
}

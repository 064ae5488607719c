package io.drumline.stomp.subscription;

import io.drumline.message.Destination;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One session's SUBSCRIBEs without an answer yet, and the tasks that wait for them, in order: a
 * client that subscribes and then sends must receive its own message. A message to a destination
 * waits for the SUBSCRIBEs to it; one for the application, which may publish anywhere, waits for
 * all. Used on the connection's event loop.
 */
final class Joining {
  private static final class Joins {
    private final ArrayDeque<Runnable> behind = new ArrayDeque<>(0);
    private int open;
  }

  private Map<Destination, Joins> byDestination = Map.of(); // most of the time
  private @Nullable ArrayDeque<Runnable> behindAll; // null in most sessions
  private int open;

  void begins(Destination destination) {
    if (byDestination.isEmpty()) {
      byDestination = new HashMap<>(2);
    }
    byDestination.computeIfAbsent(destination, key -> new Joins()).open++;
    open++;
  }

  /** Ends a SUBSCRIBE: the tasks that waited for it run. */
  void ended(Destination destination) {
    open--;
    Joins joins = byDestination.get(destination);
    if (joins != null && --joins.open == 0) {
      byDestination.remove(destination);
      if (byDestination.isEmpty()) {
        byDestination = Map.of();
      }
      for (Runnable next; (next = joins.behind.poll()) != null; ) {
        next.run();
      }
    }
    if (behindAll != null) {
      for (Runnable next; open == 0 && (next = behindAll.poll()) != null; ) {
        next.run();
      }
    }
  }

  /** Keeps a task until no SUBSCRIBE to this destination is open; false if none is. */
  boolean defer(Destination destination, Runnable task) {
    Joins joins = byDestination.get(destination);
    return joins != null && joins.behind.add(task);
  }

  /** Keeps a task until no SUBSCRIBE is open; false if none is. */
  boolean deferBehindAll(Runnable task) {
    if (open == 0) {
      return false;
    }
    if (behindAll == null) {
      behindAll = new ArrayDeque<>();
    }
    return behindAll.add(task);
  }
}

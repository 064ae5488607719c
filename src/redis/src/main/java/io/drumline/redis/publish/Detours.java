package io.drumline.redis.publish;

import io.drumline.message.Destination;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Order where a Redis of a cluster did not take a message, as its slot is moving: new messages to
 * the same destination wait until that one is done. Which Redis takes a message meanwhile depends
 * on the keys that it names, so they could be stored before it. Publications that wait here are
 * held, and so bounded, as all others are. Used on the owner's thread.
 */
final class Detours {
  private final Map<Destination, Detour> detours = new LinkedHashMap<>();

  /** Those that may be sent, unless their destination has another detour by then. */
  private final Deque<PendingPublication> ready = new ArrayDeque<>();

  private static final class Detour {
    final List<PendingPublication> leads = new ArrayList<>(1);
    final Deque<PendingPublication> behind = new ArrayDeque<>(0);

    boolean isOver() {
      leads.removeIf(lead -> lead.result.isDone());
      return leads.isEmpty();
    }
  }

  /** It was misrouted and is sent again: what comes for its destination waits until it is done. */
  void lead(PendingPublication publication) {
    List<PendingPublication> leads =
        detours.computeIfAbsent(publication.destination, destination -> new Detour()).leads;
    if (!leads.contains(publication)) {
      leads.add(publication);
    }
  }

  /** Whether it must wait; then it is taken, and is at hand again later. */
  boolean takes(PendingPublication publication) {
    Detour detour = detours.isEmpty() ? null : detours.get(publication.destination);
    if (detour != null) {
      detour.behind.add(publication);
    }
    return detour != null;
  }

  /** Ends the detours whose messages are done. */
  void release() {
    for (Iterator<Detour> each = detours.values().iterator(); each.hasNext(); ) {
      Detour detour = each.next();
      if (detour.isOver()) {
        each.remove();
        toReady(detour);
      }
    }
  }

  /** Before what is ready: that is newer, where it is of the same destination. */
  private void toReady(Detour detour) {
    for (PendingPublication last; (last = detour.behind.pollLast()) != null; ) {
      ready.addFirst(last);
    }
  }

  boolean hasReady() {
    return !ready.isEmpty();
  }

  /** The next one that was taken and may be sent; null if there is none. */
  @Nullable PendingPublication pollReady() {
    return ready.poll();
  }

  /** All that were taken, in order, to be looked at or removed; the others are taken again. */
  Queue<PendingPublication> taken() {
    detours.values().forEach(this::toReady);
    return ready;
  }

  /** Whether none waits. */
  boolean isEmpty() {
    return ready.isEmpty()
        && (detours.isEmpty()
            || detours.values().stream().allMatch(detour -> detour.behind.isEmpty()));
  }
}

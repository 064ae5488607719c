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
 * Order where a Redis of a cluster redirects a message, as its slot is moving: new messages to the
 * same destination wait until that one is done. Which Redis takes a message meanwhile depends on
 * the keys that it names, so they could be stored before it. Publications that wait here are held,
 * and so bounded, as all others are. Used on the owner's thread.
 */
final class Redirects {
  private final Map<Destination, Redirect> redirects = new LinkedHashMap<>();

  /** Those that may be sent, unless their destination has another redirect by then. */
  private final Deque<PendingPublication> ready = new ArrayDeque<>();

  private static final class Redirect {
    final List<PendingPublication> redirected = new ArrayList<>(1);
    final Deque<PendingPublication> behind = new ArrayDeque<>(0);

    boolean isOver() {
      redirected.removeIf(each -> each.result.isDone());
      return redirected.isEmpty();
    }
  }

  /**
   * Redis has redirected it, and it is sent again: what comes for its destination waits until it is
   * done.
   */
  void add(PendingPublication publication) {
    List<PendingPublication> redirected =
        redirects.computeIfAbsent(publication.destination, destination -> new Redirect())
            .redirected;
    if (!redirected.contains(publication)) {
      redirected.add(publication);
    }
  }

  /** Whether it must wait; then it is kept here, and is ready later. */
  boolean holdsBack(PendingPublication publication) {
    Redirect redirect = redirects.isEmpty() ? null : redirects.get(publication.destination);
    if (redirect != null) {
      redirect.behind.add(publication);
    }
    return redirect != null;
  }

  /** Ends the redirects whose messages are done. */
  void release() {
    for (Iterator<Redirect> each = redirects.values().iterator(); each.hasNext(); ) {
      Redirect redirect = each.next();
      if (redirect.isOver()) {
        each.remove();
        toReady(redirect);
      }
    }
  }

  /** Before what is ready: that is newer, where it is of the same destination. */
  private void toReady(Redirect redirect) {
    for (PendingPublication last; (last = redirect.behind.pollLast()) != null; ) {
      ready.addFirst(last);
    }
  }

  boolean hasReady() {
    return !ready.isEmpty();
  }

  /** The next one that was held back and may be sent; null if there is none. */
  @Nullable PendingPublication pollReady() {
    return ready.poll();
  }

  /**
   * All that are held back, in order, to be looked at or removed; what stays is looked at again.
   */
  Queue<PendingPublication> heldBack() {
    redirects.values().forEach(this::toReady);
    return ready;
  }

  /** Whether none waits. */
  boolean isEmpty() {
    return ready.isEmpty()
        && (redirects.isEmpty()
            || redirects.values().stream().allMatch(redirect -> redirect.behind.isEmpty()));
  }
}

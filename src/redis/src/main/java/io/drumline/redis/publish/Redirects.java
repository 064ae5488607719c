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
 * Keeps messages in order when a Redis of a cluster redirects one because its slot is being
 * migrated: new messages to the same destination wait until that one is done. Otherwise they could
 * be stored before it, because the Redis that accepts a message during the migration depends on the
 * keys that the command names. Waiting publications count against the node's limits as all others
 * do. Used on the owner's thread.
 */
final class Redirects {
  private final Map<Destination, Redirect> redirects = new LinkedHashMap<>();

  /** Publications ready to be sent, unless their destination has another redirect by then. */
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
   * Redis has redirected this publication, and it is resent: new ones for its destination wait
   * until it is done.
   */
  void add(PendingPublication publication) {
    List<PendingPublication> redirected =
        redirects.computeIfAbsent(publication.destination, destination -> new Redirect())
            .redirected;
    if (!redirected.contains(publication)) {
      redirected.add(publication);
    }
  }

  /** Whether it must wait; if so, it is kept here and becomes ready later. */
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

  /** In front of the ready ones, which are newer if they have the same destination. */
  private void toReady(Redirect redirect) {
    for (PendingPublication last; (last = redirect.behind.pollLast()) != null; ) {
      ready.addFirst(last);
    }
  }

  boolean hasReady() {
    return !ready.isEmpty();
  }

  /** The next publication that was held back and may be sent; null if there is none. */
  @Nullable PendingPublication pollReady() {
    return ready.poll();
  }

  /**
   * All publications held back, in order, to be checked or removed; the rest is checked again
   * later.
   */
  Queue<PendingPublication> heldBack() {
    redirects.values().forEach(this::toReady);
    return ready;
  }

  /** Whether none is waiting. */
  boolean isEmpty() {
    return ready.isEmpty()
        && (redirects.isEmpty()
            || redirects.values().stream().allMatch(redirect -> redirect.behind.isEmpty()));
  }
}

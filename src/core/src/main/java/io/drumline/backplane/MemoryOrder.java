package io.drumline.backplane;

import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One destination's order and history in memory. Its monitor is held while a publication is passed
 * to the receiver, so that publications are received in order, one at a time, and a read includes
 * everything received before it.
 */
final class MemoryOrder {
  /** The answer for a destination without an epoch. */
  static final History NO_EPOCH = new History(null, 1, List.of());

  private static final int PAGE_MESSAGES = 1024;
  private static final int PAGE_BYTES = 1 << 20;
  private static final long REMEMBER_MILLIS = Duration.ofMinutes(Draft.ID_MINUTES).toMillis();

  private static final long LOOK_EVERY_MILLIS = Duration.ofMinutes(1).toMillis();

  /** Maximum number of publishers' ids remembered; beyond it the oldest are dropped early. */
  private static final int MOST_IDS = 100_000;

  /** Approximate memory of a destination, a publication and a publisher's id. */
  private static final int ORDER_BYTES = 512;

  private static final int PUBLICATION_BYTES = 256;
  private static final int ID_BYTES = 256;

  private record Published(String messageId, long time) {}

  private final Destination destination;
  private final String epoch;
  private final Retention retention;
  private final MemoryBudget budget;

  /** Contiguous, up to the last message. */
  private final ArrayDeque<Publication> kept = new ArrayDeque<>();

  private long keptBytes;

  /** By the publisher's own id, in the order published. */
  private final Map<String, Published> published = new LinkedHashMap<>();

  private boolean begun;
  private long offset;
  private String lastId = "";
  private long lastUse;
  private boolean subscribed;
  private boolean forgotten;

  /** Its next maintenance, as in the backplane's schedule. */
  private MemoryBackplane.@Nullable Due nextLook;

  /**
   * @param epoch begins with the first message, or when a read requests it
   */
  MemoryOrder(
      Destination destination, String epoch, Retention retention, MemoryBudget budget, long now) {
    this.destination = destination;
    this.epoch = epoch;
    this.retention = retention;
    this.budget = budget;
    this.lastUse = now;
    budget.use(ORDER_BYTES);
  }

  /** Returns the message-id, or null if this order is forgotten and must be looked up again. */
  synchronized @Nullable String append(Draft draft, String id, long now, Receiver receiver) {
    if (forgotten) {
      return null;
    }
    lastUse = now;
    forgetIds(now);
    Published before = draft.id() == null ? null : published.get(draft.id());
    if (before != null) {
      return before.messageId;
    }
    begun = true;
    Publication publication = publication(draft, new Position(epoch, ++offset), lastId, id, now);
    lastId = id;
    if (draft.id() != null) {
      published.put(draft.id(), new Published(publication.messageId(), now));
      budget.use(ID_BYTES);
    }
    if (retention.keeps()) {
      kept.add(publication);
      keptBytes += bytes(publication);
      budget.use(bytes(publication) + PUBLICATION_BYTES);
      trim(now);
    }
    if (subscribed) {
      receiver.received(publication);
    }
    return publication.messageId();
  }

  synchronized void deliver(Draft draft, String id, long now, Receiver receiver) {
    if (subscribed) {
      receiver.received(publication(draft, Position.NONE, "", id, now));
    }
  }

  /** As {@link Backplane#read}; null if this order is forgotten and must be looked up again. */
  synchronized @Nullable History read(long after, int count, boolean begin, long now) {
    if (forgotten) {
      return null;
    }
    begun |= begin;
    if (!begun) {
      return NO_EPOCH;
    }
    lastUse = now;
    while (!kept.isEmpty() && isOld(kept.element(), now)) {
      drop();
    }
    List<Publication> page = new ArrayList<>();
    int bytes = 0;
    for (Publication publication : kept) {
      if (publication.position().offset() > after) {
        bytes += page.isEmpty() ? 0 : bytes(publication);
        if (page.size() == Math.min(count, PAGE_MESSAGES) || bytes > PAGE_BYTES) {
          break;
        }
        page.add(publication);
      }
    }
    long first = kept.isEmpty() ? offset + 1 : kept.element().position().offset();
    return new History(new Cursor(new Position(epoch, offset), lastId), first, page);
  }

  synchronized boolean subscribe() {
    subscribed = !forgotten;
    return subscribed;
  }

  synchronized void unsubscribe(long now) {
    subscribed = false;
    lastUse = now;
  }

  /** Ephemeral destinations have no order to remember: they are removed at the first sweep. */
  synchronized boolean forget(long now, long idleMillis) {
    forgetIds(now);
    long least = destination.ordered() ? Math.max(idleMillis, retention.age().toMillis()) : -1;
    if (!subscribed && now - lastUse > least) {
      forgetAll();
    }
    return forgotten;
  }

  /** When {@link #forget} should be called next: about when it would change something. */
  synchronized long due(long now, long idleMillis) {
    long least = destination.ordered() ? Math.max(idleMillis, retention.age().toMillis()) : 0;
    long due = (subscribed ? now : lastUse) + least + 1;
    if (!published.isEmpty()) {
      due = Math.min(due, published.values().iterator().next().time + REMEMBER_MILLIS + 1);
    }
    return Math.max(due, now + LOOK_EVERY_MILLIS);
  }

  synchronized void lookedAfter(MemoryBackplane.Due next) {
    nextLook = next;
  }

  synchronized MemoryBackplane.@Nullable Due nextLook() {
    return nextLook;
  }

  synchronized boolean isForgotten() {
    return forgotten;
  }

  /** The lowest is evicted first, the maximum never. */
  synchronized long worth() {
    if (!subscribed) {
      return forgotten ? Long.MAX_VALUE : lastUse;
    }
    return kept.size() > 1 ? Long.MAX_VALUE / 2 + lastUse : Long.MAX_VALUE;
  }

  /**
   * Clears it if it has no subscribers, else drops the older half; returns whether it was cleared.
   */
  synchronized boolean giveUp() {
    if (!subscribed) {
      forgetAll();
      return true;
    }
    for (int left = (kept.size() + 1) / 2; kept.size() > left; ) {
      drop();
    }
    return false;
  }

  private void forgetAll() {
    if (!forgotten) {
      forgotten = true;
      budget.use(
          -ORDER_BYTES
              - keptBytes
              - (long) PUBLICATION_BYTES * kept.size()
              - (long) ID_BYTES * published.size());
      kept.clear();
      published.clear();
    }
  }

  private void trim(long now) {
    // The newest message is kept, however large it is.
    while (kept.size() > 1
        && (kept.size() > retention.messages()
            || keptBytes > retention.bytes()
            || isOld(kept.element(), now))) {
      drop();
    }
  }

  private boolean isOld(Publication publication, long now) {
    return now - publication.time() > retention.age().toMillis();
  }

  private void drop() {
    long bytes = bytes(kept.remove());
    keptBytes -= bytes;
    budget.use(-bytes - PUBLICATION_BYTES);
  }

  private void forgetIds(long now) {
    Iterator<Published> oldest = published.values().iterator();
    while (oldest.hasNext()) {
      if (now - oldest.next().time <= REMEMBER_MILLIS && published.size() <= MOST_IDS) {
        return;
      }
      oldest.remove();
      budget.use(-ID_BYTES);
    }
  }

  private static int bytes(Publication publication) {
    return publication.headers().length + publication.body().length;
  }

  private static Publication publication(
      Draft draft, Position position, String previousId, String id, long now) {
    return new Publication(
        draft.destination(),
        position,
        previousId,
        id,
        now,
        draft.headers(),
        draft.body(),
        draft.session());
  }
}

package io.drumline.hub.order;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was delivered of a destination. Each message names the id of its predecessor, so the end of
 * the chain and the ids of its last links show whether another message belongs to it. Used by one
 * thread at a time.
 */
final class Chain {
  private final RecentIds recent = new RecentIds();
  private @Nullable Cursor end;

  /** The position after the last delivery; null while nothing was published, as far as known. */
  @Nullable Cursor end() {
    return end;
  }

  /** It knows the ids after this offset. */
  long knownAfter() {
    return Math.max(0, recent.oldest() - 1);
  }

  /** Whether this publication is the next link. */
  boolean leadsTo(Publication publication) {
    return end == null
        ? publication.position().isFirst() && publication.previousId().isEmpty()
        : end.precedes(publication);
  }

  /** Whether this publication is one of its last links. */
  boolean has(Publication publication) {
    return end != null
        && publication.position().epoch().equals(end.epoch())
        && recent.knows(publication);
  }

  /** Whether the message at this position, of the same epoch, is one of its last links. */
  boolean has(Cursor cursor) {
    return recent.knows(cursor.offset(), cursor.id());
  }

  /** Whether it was a link that the backplane has lost: it may still arrive late. */
  boolean hasAbandoned(Publication publication) {
    return recent.abandoned(publication.id());
  }

  /** Restarts at a position that does not follow the previous one. */
  void beginAt(Cursor cursor) {
    end = cursor;
    recent.reset(cursor);
  }

  /** Adds the next link. */
  void add(Publication publication) {
    Cursor next = Cursor.after(publication);
    if (end == null) {
      beginAt(next);
    } else {
      recent.add(next.offset(), next.id()); // first: if it fails, nothing has changed
      end = next;
    }
  }

  /** Adds the messages before its oldest link, to recognize them if they arrive late. */
  void addOlder(List<Publication> past) {
    for (int i = past.size() - 1; i >= 0; i--) {
      recent.addOlder(past.get(i).position().offset(), past.get(i).id());
    }
  }

  /** Returns to this position: the backplane has lost everything after it. */
  void goBackTo(Cursor point) {
    boolean known = has(point);
    recent.abandonAfter(known ? point.offset() : 0);
    if (known) {
      end = point;
    } else {
      beginAt(point);
    }
  }

  /** Nothing was ever published. */
  void clear() {
    end = null;
  }

  /** Whether this history conflicts with what was delivered. */
  boolean contradicts(History history) {
    Cursor there = history.last();
    if (there == null || contradicts(there)) {
      return true;
    }
    for (Publication publication : history.publications()) {
      if (contradicts(Cursor.after(publication)) || contradicts(Cursor.before(publication))) {
        return true;
      }
    }
    return false;
  }

  /** Whether the message at this offset is known to be a different one. */
  private boolean contradicts(Cursor cursor) {
    return end == null
        || !cursor.epoch().equals(end.epoch())
        || (cursor.offset() >= recent.oldest() && cursor.offset() <= end.offset() && !has(cursor));
  }
}

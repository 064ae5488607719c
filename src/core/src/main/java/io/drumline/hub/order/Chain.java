package io.drumline.hub.order;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was delivered of a destination: each message names the id before it, so where the chain ends
 * and the ids of its last links tell whether anything else belongs to it. Used by one thread at a
 * time.
 */
final class Chain {
  private final RecentIds recent = new RecentIds();
  private @Nullable Cursor end;

  /** Behind what was delivered last; null while nothing was ever published, as far as is known. */
  @Nullable Cursor end() {
    return end;
  }

  /** The offset behind which it knows the ids. */
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

  /** Whether the message at this point, which is of the same epoch, is one of its last links. */
  boolean has(Cursor cursor) {
    return recent.knows(cursor.offset(), cursor.id());
  }

  /** Whether it was a link that the backplane has lost: it may still arrive late. */
  boolean hasAbandoned(Publication publication) {
    return recent.abandoned(publication.id());
  }

  /** Begins anew at a place that does not follow from the one before. */
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
      recent.add(next.offset(), next.id()); // first: should it fail, nothing has moved
      end = next;
    }
  }

  /** Adds what came before its oldest link, should it ever arrive late. */
  void addOlder(List<Publication> past) {
    for (int i = past.size() - 1; i >= 0; i--) {
      recent.addOlder(past.get(i).position().offset(), past.get(i).id());
    }
  }

  /** Goes back to this point: the backplane has lost what is behind it. */
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

  /** Whether this is not the history that leads to its end. */
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

  /** Whether the message at this offset is known to be another one. */
  private boolean contradicts(Cursor cursor) {
    return end == null
        || !cursor.epoch().equals(end.epoch())
        || (cursor.offset() >= recent.oldest() && cursor.offset() <= end.offset() && !has(cursor));
  }
}

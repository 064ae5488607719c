package io.drumline.hub;

import io.drumline.message.Cursor;
import io.drumline.message.Publication;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A run of a destination's publications on this node: all that is kept behind a certain offset, up
 * to a certain one.
 */
final class Window {
  private static final int MOST_MESSAGES = 2 * Order.PAGE;
  private static final long MOST_BYTES = 2 * 1024 * 1024;

  private final ArrayDeque<Publication> publications = new ArrayDeque<>();

  /** All that is kept behind this offset is here. */
  private long floor;

  private long bytes;

  Window(long floor, List<Publication> publications) {
    this.floor = floor;
    publications.forEach(this::add);
  }

  /** Adds the next one; at its limits it forgets the oldest. */
  void add(Publication publication) {
    publications.add(publication);
    bytes += Hub.sizeOf(publication);
    while (publications.size() > MOST_MESSAGES || (bytes > MOST_BYTES && publications.size() > 1)) {
      Publication oldest = publications.remove();
      floor = oldest.position().offset();
      bytes -= Hub.sizeOf(oldest);
    }
  }

  /** Adds those that follow; stops where they do not. */
  void addAll(Window other) {
    for (Publication publication : other.publications) {
      if (!publications.isEmpty() && !Cursor.after(publications.getLast()).precedes(publication)) {
        return;
      }
      add(publication);
    }
  }

  /** Whether it ends with the message before this point, or with nothing before it. */
  boolean reaches(Cursor cursor) {
    return publications.isEmpty() || Cursor.after(publications.getLast()).equals(cursor);
  }

  /** Whether all that is kept behind this offset is here. */
  boolean covers(long offset) {
    return offset >= floor;
  }

  /** The next ones behind the offset: as many as fit into these octets, and at least one. */
  List<Publication> after(long offset, long mostBytes) {
    List<Publication> found = new ArrayList<>();
    long left = mostBytes;
    for (Publication publication : publications) {
      if (publication.position().offset() > offset) {
        left -= Hub.sizeOf(publication);
        if (left < 0 && !found.isEmpty()) {
          break;
        }
        found.add(publication);
      }
    }
    return found;
  }

  long bytes() {
    return bytes;
  }
}

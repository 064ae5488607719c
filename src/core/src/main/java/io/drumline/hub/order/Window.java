package io.drumline.hub.order;

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
  private static final int MOST_MESSAGES = 2 * OrderRead.PAGE;

  /** Most bytes of what is live that are kept for joiners. */
  static final long MOST_BYTES = 2 * 1024 * 1024;

  private final ArrayDeque<Publication> publications = new ArrayDeque<>();
  private final int mostMessages;
  private final long mostBytes;

  /** All that is kept behind this offset is here. */
  private long floor;

  private long bytes;

  private Window(long floor, int mostMessages, long mostBytes) {
    this.floor = floor;
    this.mostMessages = mostMessages;
    this.mostBytes = mostBytes;
  }

  /** An empty one that grows with what is live, up to so many bytes and two pages. */
  static Window recent(long floor, long mostBytes) {
    return new Window(floor, MOST_MESSAGES, mostBytes);
  }

  /**
   * The answer of a read, whole: whoever asked for it must be given it, however large its messages
   * are.
   */
  static Window page(long floor, List<Publication> publications) {
    Window page = new Window(floor, Integer.MAX_VALUE, Long.MAX_VALUE);
    publications.forEach(page::add);
    return page;
  }

  /** The end of this one, as far as a {@link #recent} one holds it. */
  Window end(long mostBytes) {
    Window end = recent(floor, mostBytes);
    publications.forEach(end::add);
    return end;
  }

  /** Adds the next one; at its limits it forgets the oldest. */
  void add(Publication publication) {
    publications.add(publication);
    bytes += publication.memoryBytes();
    while (publications.size() > mostMessages || (bytes > mostBytes && publications.size() > 1)) {
      Publication oldest = publications.remove();
      floor = oldest.position().offset();
      bytes -= oldest.memoryBytes();
    }
  }

  /**
   * Adds those that were delivered since a point, where they follow.
   *
   * @return whether this one has all that is kept up to the end of the other
   */
  boolean addAll(Window other, long since) {
    if (other.publications.isEmpty()) {
      return true;
    }
    boolean follows =
        publications.isEmpty()
            ? other.covers(since)
            : Cursor.after(publications.getLast()).precedes(other.publications.getFirst());
    if (follows) {
      other.publications.forEach(this::add);
    }
    return follows;
  }

  boolean isEmpty() {
    return publications.isEmpty();
  }

  /** Whether it ends with the message before this point, or with nothing before it. */
  boolean reaches(Cursor cursor) {
    return publications.isEmpty() || Cursor.after(publications.getLast()).equals(cursor);
  }

  /** Whether all that is kept behind this offset is here. */
  boolean covers(long offset) {
    return offset >= floor;
  }

  /** Whether it goes back as far as the other one. */
  boolean coversAll(Window other) {
    return covers(other.floor);
  }

  /** The next ones behind the offset: as many as fit into these bytes, and at least one. */
  List<Publication> after(long offset, long mostBytes) {
    List<Publication> found = new ArrayList<>();
    long left = mostBytes;
    for (Publication publication : publications) {
      if (publication.position().offset() > offset) {
        left -= publication.memoryBytes();
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

package io.drumline.hub.order;

import io.drumline.message.Cursor;
import io.drumline.message.Publication;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A run of a destination's publications in memory: all kept publications between two offsets. */
final class Window {
  private static final int MOST_MESSAGES = 2 * OrderRead.PAGE;

  /** Maximum bytes of live messages kept for joiners. */
  static final long MOST_BYTES = 2 * 1024 * 1024;

  private final ArrayDeque<Publication> publications = new ArrayDeque<>();
  private final int mostMessages;
  private final long mostBytes;

  /** Contains all kept publications after this offset. */
  private long floor;

  private long bytes;

  private Window(long floor, int mostMessages, long mostBytes) {
    this.floor = floor;
    this.mostMessages = mostMessages;
    this.mostBytes = mostBytes;
  }

  /** An empty window for live messages, up to this many bytes and two pages. */
  static Window recent(long floor, long mostBytes) {
    return new Window(floor, MOST_MESSAGES, mostBytes);
  }

  /**
   * The complete answer of a read: the subscription that requested it must receive it, however
   * large its messages are.
   */
  static Window page(long floor, List<Publication> publications) {
    Window page = new Window(floor, Integer.MAX_VALUE, Long.MAX_VALUE);
    publications.forEach(page::add);
    return page;
  }

  /** The end of this window, within the limits of a {@link #recent} one. */
  Window end(long mostBytes) {
    Window end = recent(floor, mostBytes);
    publications.forEach(end::add);
    return end;
  }

  /** Adds the next publication; drops the oldest at the limits. */
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
   * Adds the publications delivered since a position, if they follow this window.
   *
   * @return whether this window is complete up to the end of the other
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

  /** Whether it ends with the message before this position, or is empty. */
  boolean reaches(Cursor cursor) {
    return publications.isEmpty() || Cursor.after(publications.getLast()).equals(cursor);
  }

  /** Whether it contains all kept publications after this offset. */
  boolean covers(long offset) {
    return offset >= floor;
  }

  /** Whether it reaches back as far as the other. */
  boolean coversAll(Window other) {
    return covers(other.floor);
  }

  /** The next publications after the offset: as many as fit into these bytes, at least one. */
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

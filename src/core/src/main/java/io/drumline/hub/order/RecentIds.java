package io.drumline.hub.order;

import io.drumline.message.Cursor;
import io.drumline.message.Publication;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The ids of a destination's last messages, by offset: an unbroken run of at most {@value #MOST}.
 * Ids are kept as 64-bit hashes; they are made by nodes, not by clients.
 */
final class RecentIds {
  static final int MOST = 512;

  private static final int MOST_ABANDONED = 2 * MOST;

  private long[] hashes = new long[8];
  private @Nullable Set<Long> abandoned;
  private long newest;
  private int size;

  /** Forgets all but this one. */
  void reset(Cursor cursor) {
    size = 0;
    add(cursor.offset(), cursor.id());
  }

  /** Adds the message behind the newest. */
  void add(long offset, String id) {
    if (size == hashes.length && size < MOST) {
      grow();
    }
    newest = offset;
    size = Math.min(size + 1, hashes.length);
    hashes[slot(offset)] = hash(id);
  }

  /** Adds the message before the oldest, if there is room; one of another offset is left out. */
  void addOlder(long offset, String id) {
    if (size > 0 && offset == oldest() - 1 && size < MOST) {
      if (size == hashes.length) {
        grow();
      }
      size++;
      hashes[slot(offset)] = hash(id);
    }
  }

  /** Goes back to this offset: what is behind it was lost by the backplane. */
  void abandonAfter(long offset) {
    if (abandoned == null || abandoned.size() > MOST_ABANDONED) {
      abandoned = new HashSet<>();
    }
    while (size > 0 && newest > offset) {
      abandoned.add(hashes[slot(newest)]);
      newest--;
      size--;
    }
  }

  /** Whether it was delivered and then lost by the backplane: it may still arrive late. */
  boolean abandoned(String id) {
    return abandoned != null && abandoned.contains(hash(id));
  }

  /** Whether a message of this offset and id is among them. */
  boolean knows(long offset, String id) {
    return offset <= newest && offset > newest - size && hashes[slot(offset)] == hash(id);
  }

  boolean knows(Publication publication) {
    return knows(publication.position().offset(), publication.id());
  }

  /** The oldest offset that it can speak of. */
  long oldest() {
    return newest - size + 1;
  }

  private int slot(long offset) {
    return (int) (offset & (hashes.length - 1));
  }

  private void grow() {
    long[] old = hashes;
    hashes = Arrays.copyOf(old, old.length * 2);
    for (long offset = oldest(); offset <= newest; offset++) {
      hashes[slot(offset)] = old[(int) (offset & (old.length - 1))];
    }
  }

  /** FNV-1a, 64 bits. */
  private static long hash(String id) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < id.length(); i++) {
      hash = (hash ^ id.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }
}

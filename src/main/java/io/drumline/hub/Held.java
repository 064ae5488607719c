package io.drumline.hub;

import io.drumline.message.Publication;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Live publications that wait until their destination's order is clear again: at most 1 MiB. What
 * comes beyond it is not kept, since another read brings it.
 */
final class Held {
  private static final long MOST_BYTES = 1024 * 1024;

  private final ArrayDeque<Publication> publications = new ArrayDeque<>(0);
  private long bytes;
  private boolean overflowed;

  void add(Publication publication) {
    int size = Hub.sizeOf(publication);
    if (overflowed || bytes + size > MOST_BYTES) {
      overflowed = true;
    } else {
      publications.add(publication);
      bytes += size;
    }
  }

  int size() {
    return publications.size();
  }

  /** The oldest; null if there is none. */
  @Nullable Publication first() {
    return publications.peek();
  }

  void removeFirst() {
    bytes -= Hub.sizeOf(publications.remove());
  }

  /** Whether some were not kept, once all others are gone; begins anew. */
  boolean endsOverflow() {
    boolean ends = overflowed && publications.isEmpty();
    overflowed &= !ends;
    return ends;
  }
}

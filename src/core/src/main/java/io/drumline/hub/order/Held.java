package io.drumline.hub.order;

import io.drumline.message.Publication;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Live publications that wait until their destination's order is clear again: at most 1 MiB, and no
 * more than the node has room for. What comes beyond it is not kept, since another read brings it.
 */
final class Held {
  private static final long MOST_BYTES = 1024 * 1024;

  private final HeldBudget budget;
  private final ArrayDeque<Publication> publications = new ArrayDeque<>(0);
  private long bytes;
  private boolean overflowed;

  /**
   * @param budget of all destinations
   */
  Held(HeldBudget budget) {
    this.budget = budget;
  }

  void add(Publication publication) {
    int size = publication.memoryBytes();
    if (overflowed || bytes + size > MOST_BYTES || !budget.take(size)) {
      overflowed = true;
      return;
    }
    bytes += size;
    boolean kept = false;
    try {
      publications.add(publication);
      kept = true;
    } finally {
      if (!kept) {
        giveBack(size);
        overflowed = true;
      }
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
    giveBack(publications.remove().memoryBytes());
  }

  /** Forgets all of them, and that some were not kept. */
  void clear() {
    publications.clear();
    giveBack(bytes);
    overflowed = false;
  }

  private void giveBack(long size) {
    bytes -= size;
    budget.giveBack(size);
  }

  /** Whether some were not kept, once all others are gone; begins again. */
  boolean endsOverflow() {
    boolean ends = overflowed && publications.isEmpty();
    overflowed &= !ends;
    return ends;
  }
}

package io.drumline.hub.order;

import io.drumline.message.Publication;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Live publications held until their destination's order is clear again: at most 1 MiB, and no more
 * than the node's budget. Publications beyond that are not kept, since another read returns them.
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

  /** The oldest; null if empty. */
  @Nullable Publication first() {
    return publications.peek();
  }

  void removeFirst() {
    giveBack(publications.remove().memoryBytes());
  }

  /** Clears it, including the overflow flag. */
  void clear() {
    publications.clear();
    giveBack(bytes);
    overflowed = false;
  }

  private void giveBack(long size) {
    bytes -= size;
    budget.giveBack(size);
  }

  /** Whether publications were not kept and no other is left; resets the overflow flag then. */
  boolean endsOverflow() {
    boolean ends = overflowed && publications.isEmpty();
    overflowed &= !ends;
    return ends;
  }
}

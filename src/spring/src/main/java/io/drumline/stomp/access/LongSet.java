package io.drumline.stomp.access;

/** A set of evenly distributed numbers, such as hashes; it only grows. Not thread-safe. */
final class LongSet {
  private static final int SMALLEST = 8;

  /** The length is a power of two; 0 marks an empty slot. */
  private long[] table = new long[SMALLEST];

  private int size;

  int size() {
    return size;
  }

  boolean contains(long value) {
    return table[slot(table, notZero(value))] != 0;
  }

  /** Returns false if it is in the set already. */
  boolean add(long value) {
    long stored = notZero(value);
    int slot = slot(table, stored);
    if (table[slot] != 0) {
      return false;
    }
    table[slot] = stored;
    if (++size > table.length / 4 * 3) {
      grow();
    }
    return true;
  }

  private void grow() {
    long[] larger = new long[2 * table.length];
    for (long value : table) {
      if (value != 0) {
        larger[slot(larger, value)] = value;
      }
    }
    table = larger;
  }

  /** The index of the value, or of the empty slot for it. */
  private static int slot(long[] table, long value) {
    int slot = (int) value & (table.length - 1);
    while (table[slot] != 0 && table[slot] != value) {
      slot = (slot + 1) & (table.length - 1);
    }
    return slot;
  }

  private static long notZero(long value) {
    return value == 0 ? 1 : value;
  }
}

package io.drumline.hub;

import io.drumline.message.Destination;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The destinations of one owner that may have lost something: each is compared with the backplane
 * soon, a few at a time, as a destination stands still while it is compared. What was dropped is
 * compared when there is room again. Used on the owner's event loop, but for what says otherwise.
 */
final class Doubts {
  /** So many destinations of which something was dropped are told apart; beyond, all are meant. */
  static final int MOST_DROPPED = 1024;

  /** Whether a destination may have lost something. */
  enum Doubt {
    NONE,
    /** Something has failed: the next tick takes notice. */
    MARKED,
    /** It waits for its turn to be compared with the backplane. */
    QUEUED
  }

  /** A destination that may have lost something. */
  interface Doubted {
    Doubt doubt();

    void doubt(Doubt state);

    /** Whether there is anything to compare. */
    boolean hasOrder();

    /** Sees to what could not be handed over to this event loop. */
    void repair();

    /**
     * Compares its order with the backplane: no doubt is left.
     *
     * @return false if that cost nothing, as no read has begun by it
     */
    boolean compare();
  }

  private final Map<Destination, ? extends Doubted> owned;
  private final HistoryReads reads;
  private final int mostPerTick;
  private final BooleanSupplier backlogHasRoom;

  /** Those that will be compared; each at most once. */
  private final ArrayDeque<Doubted> queue = new ArrayDeque<>();

  /** Guarded by itself, as {@link #manyDropped} is. */
  private final Set<Destination> dropped = new HashSet<>();

  private boolean manyDropped;
  private volatile boolean someDropped;

  /** A destination is marked: something has failed there. */
  private volatile boolean marked;

  private volatile boolean all;

  /**
   * @param owned all destinations of the owner
   * @param mostPerTick how many may begin to be compared in one tick: one in any case, others as
   *     far as they could read at once
   * @param backlogHasRoom whether what was dropped would not be dropped again
   */
  Doubts(
      Map<Destination, ? extends Doubted> owned,
      HistoryReads reads,
      int mostPerTick,
      BooleanSupplier backlogHasRoom) {
    this.owned = owned;
    this.reads = reads;
    this.mostPerTick = mostPerTick;
    this.backlogHasRoom = backlogHasRoom;
  }

  /** A publication of this destination, which has an order, was dropped. Any thread. */
  void dropped(Destination destination) {
    synchronized (dropped) {
      someDropped = true;
      if (manyDropped) {
        return;
      }
      try {
        dropped.add(destination);
        manyDropped = dropped.size() > MOST_DROPPED;
      } catch (OutOfMemoryError e) {
        manyDropped = true;
      }
      if (manyDropped) {
        dropped.clear();
      }
    }
  }

  /** Something may have been lost of any destination. Any thread; needs no memory. */
  void all() {
    all = true;
  }

  /** A destination has something that {@link Doubted#repair} sees to. Any thread. */
  void marked() {
    marked = true;
  }

  /** Looks for those that have come, and compares the next ones. */
  void tick() {
    try {
      if (someDropped && backlogHasRoom.getAsBoolean()) {
        takeDropped();
      }
      if (marked || all) {
        collect();
      }
    } finally {
      compareNext();
    }
  }

  private void compareNext() {
    int begun = 0;
    while (begun < mostPerTick && !queue.isEmpty() && (begun == 0 || reads.hasRoom())) {
      if (queue.remove().compare()) {
        begun++;
      }
    }
  }

  /** A read has ended: there may be room for the next comparison. */
  void readEnded() {
    boolean begun = false;
    while (!begun && !queue.isEmpty() && reads.hasRoom()) {
      begun = queue.remove().compare();
    }
  }

  private void takeDropped() {
    synchronized (dropped) {
      if (manyDropped) {
        all = true;
      }
      for (Destination destination : dropped) {
        Doubted entry = owned.get(destination);
        if (entry != null) {
          add(entry);
        }
      }
      dropped.clear();
      manyDropped = false;
      someDropped = false;
    }
  }

  private void collect() {
    boolean each = all;
    marked = false;
    all = false;
    boolean done = false;
    try {
      for (Doubted entry : owned.values()) {
        entry.repair();
        if (each || entry.doubt() == Doubt.MARKED) {
          add(entry);
        }
      }
      done = true;
    } finally {
      if (!done) { // no memory: the next tick begins again
        marked = true;
        all = each || all;
      }
    }
  }

  private void add(Doubted entry) {
    if (!entry.hasOrder()) {
      entry.doubt(Doubt.NONE); // there is nothing to compare it with
    } else if (entry.doubt() != Doubt.QUEUED) {
      queue.add(entry);
      entry.doubt(Doubt.QUEUED);
    }
  }
}

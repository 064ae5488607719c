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

  private final Map<Destination, OwnedDestination> owned;
  private final HistoryReads reads;
  private final int mostPerTick;
  private final BooleanSupplier backlogHasRoom;

  /** Those that will be compared; each at most once. */
  private final ArrayDeque<OwnedDestination> queue = new ArrayDeque<>();

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
      Map<Destination, OwnedDestination> owned,
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

  /** A destination has something that {@link OwnedDestination#repair} sees to. Any thread. */
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
        OwnedDestination entry = owned.get(destination);
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
      for (OwnedDestination entry : owned.values()) {
        entry.repair();
        if (each || entry.isMarked()) {
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

  private void add(OwnedDestination entry) {
    if (entry.order == null) {
      entry.noDoubt(); // there is nothing to compare it with
    } else if (!entry.isQueued()) {
      queue.add(entry);
      entry.queued();
    }
  }
}

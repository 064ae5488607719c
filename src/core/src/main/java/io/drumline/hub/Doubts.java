package io.drumline.hub;

import io.drumline.message.Destination;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The destinations of one owner that may have lost messages. Each is compared with the backplane
 * soon, only a few at a time, because a destination delivers nothing while it is compared.
 * Destinations with dropped publications are compared when the backlog has room again. Used on the
 * owner's event loop unless a method says otherwise.
 */
final class Doubts {
  /** Destinations with dropped publications that are tracked; beyond this, all are compared. */
  static final int MOST_DROPPED = 1024;

  /** Whether a destination may have lost messages. */
  enum Doubt {
    NONE,
    /** Something has failed; handled at the next tick. */
    MARKED,
    /** Waits to be compared with the backplane. */
    QUEUED
  }

  /** A destination that may have lost messages. */
  interface Doubted {
    Doubt doubt();

    void doubt(Doubt state);

    /** Whether there is anything to compare. */
    boolean hasOrder();

    /** Repairs what could not be passed to this event loop. */
    void repair();

    /**
     * Compares its order with the backplane; it is no longer in doubt.
     *
     * @return false if no read was started
     */
    boolean compare();
  }

  private final Map<Destination, ? extends Doubted> owned;
  private final HistoryReads reads;
  private final int mostPerTick;
  private final BooleanSupplier backlogHasRoom;

  /** To be compared; each at most once. */
  private final ArrayDeque<Doubted> queue = new ArrayDeque<>();

  /** Guarded by itself, like {@link #manyDropped}. */
  private final Set<Destination> dropped = new HashSet<>();

  private boolean manyDropped;
  private volatile boolean someDropped;

  /** Some destination is {@link Doubt#MARKED} or needs repair. */
  private volatile boolean marked;

  private volatile boolean all;

  /**
   * @param owned all destinations of the owner
   * @param mostPerTick comparisons started per tick: at least one, more only while reads have room
   * @param backlogHasRoom whether the backlog accepts publications again
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

  /** Any destination may have lost messages. Any thread; allocates no memory. */
  void all() {
    all = true;
  }

  /** A destination has work for {@link Doubted#repair}. Any thread. */
  void marked() {
    marked = true;
  }

  /** Collects the destinations in doubt and starts the next comparisons. */
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
      if (!done) { // out of memory: the next tick starts again
        marked = true;
        all = each || all;
      }
    }
  }

  private void add(Doubted entry) {
    if (!entry.hasOrder()) {
      entry.doubt(Doubt.NONE); // nothing to compare
    } else if (entry.doubt() != Doubt.QUEUED) {
      queue.add(entry);
      entry.doubt(Doubt.QUEUED);
    }
  }
}

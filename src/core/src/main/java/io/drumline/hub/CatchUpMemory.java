package io.drumline.hub;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The histories that one owner's destinations keep in memory for subscribers that catch up. A
 * history is kept for some time after the last request; beyond the total limit the least recently
 * used is evicted. Used on the owner's event loop.
 */
final class CatchUpMemory {

  /** A destination that keeps a part of its history. */
  interface Keeper {
    /** Bytes kept now. */
    long pastBytes();

    /** Drops them; they are read again if needed. */
    void forgetPast();
  }

  private static final class Entry {
    private long bytes;
    private long usedAt;
  }

  private final long limit;
  private final long keptTicks;
  private final HubMetrics metrics;

  /** Least recently used first. */
  private final Map<Keeper, Entry> entries = new LinkedHashMap<>();

  private long bytes;

  /**
   * @param limit maximum total bytes
   * @param keptTicks ticks for which a history is kept after its last request
   */
  CatchUpMemory(long limit, long keptTicks, HubMetrics metrics) {
    this.limit = limit;
    this.keptTicks = keptTicks;
    this.metrics = metrics;
  }

  /** A subscriber requests a part of the history now. */
  void used(Keeper keeper, long now) {
    Entry entry = entries.remove(keeper);
    if (entry == null) {
      entry = new Entry();
    }
    entry.usedAt = now;
    entries.put(keeper, entry);
    count(keeper, entry);
  }

  /** A read has ended, perhaps long after the request: the destination may keep history again. */
  void read(Keeper keeper, long now) {
    if (entries.containsKey(keeper)) {
      changed(keeper); // without counting as a use
    } else if (keeper.pastBytes() > 0) {
      used(keeper, now);
    }
  }

  /** Its size may have changed; only {@link #read} adds it again. */
  void changed(Keeper keeper) {
    if (!entries.isEmpty()) {
      Entry entry = entries.get(keeper);
      if (entry != null) {
        count(keeper, entry);
      }
    }
  }

  /** The destination keeps no history any more. */
  void remove(Keeper keeper) {
    Entry entry = entries.remove(keeper);
    if (entry != null) {
      keeper.forgetPast();
      add(-entry.bytes);
    }
  }

  /** Evicts histories not requested lately. */
  void expire(long now) {
    Iterator<Map.Entry<Keeper, Entry>> oldest = entries.entrySet().iterator();
    while (oldest.hasNext()) {
      Map.Entry<Keeper, Entry> next = oldest.next();
      if (next.getValue().usedAt + keptTicks > now) {
        return;
      }
      oldest.remove();
      next.getKey().forgetPast();
      add(-next.getValue().bytes);
    }
  }

  private void count(Keeper keeper, Entry entry) {
    long now = keeper.pastBytes();
    add(now - entry.bytes);
    entry.bytes = now;
    while (bytes > limit && !entries.isEmpty()) {
      remove(entries.keySet().iterator().next());
      metrics.evictedHistories.increment();
    }
  }

  private void add(long more) {
    bytes += more;
    metrics.catchUpBytes.addAndGet(more);
  }
}

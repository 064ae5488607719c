package io.drumline.hub;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the destinations of one owner keep in memory for subscribers that catch up: for a while
 * after the last of them asked, and together no more than a limit, at which the one that was asked
 * for least recently gives its part up. Used on the owner's event loop.
 */
final class CatchUpMemory {

  /** A destination that keeps a part of its past. */
  interface Keeper {
    /** Bytes that it keeps now. */
    long pastBytes();

    /** Gives them up; who needs them again reads them again. */
    void forgetPast();
  }

  private static final class Entry {
    private long bytes;
    private long usedAt;
  }

  private final long limit;
  private final long keptTicks;
  private final HubMetrics metrics;

  /** The one that was asked for least recently first. */
  private final Map<Keeper, Entry> entries = new LinkedHashMap<>();

  private long bytes;

  /**
   * @param limit most bytes of all together
   * @param keptTicks how long each keeps its part after it was asked for
   */
  CatchUpMemory(long limit, long keptTicks, HubMetrics metrics) {
    this.limit = limit;
    this.keptTicks = keptTicks;
    this.metrics = metrics;
  }

  /** Somebody asks for a part of its past now. */
  void used(Keeper keeper, long now) {
    Entry entry = entries.remove(keeper);
    if (entry == null) {
      entry = new Entry();
    }
    entry.usedAt = now;
    entries.put(keeper, entry);
    count(keeper, entry);
  }

  /** A read has ended, perhaps long after somebody asked for it: it may keep something again. */
  void read(Keeper keeper, long now) {
    if (entries.containsKey(keeper)) {
      changed(keeper); // and as old as before
    } else if (keeper.pastBytes() > 0) {
      used(keeper, now);
    }
  }

  /** What it keeps has changed, perhaps; only by {@link #read} it keeps something anew. */
  void changed(Keeper keeper) {
    if (!entries.isEmpty()) {
      Entry entry = entries.get(keeper);
      if (entry != null) {
        count(keeper, entry);
      }
    }
  }

  /** It is not kept any more. */
  void remove(Keeper keeper) {
    Entry entry = entries.remove(keeper);
    if (entry != null) {
      keeper.forgetPast();
      add(-entry.bytes);
    }
  }

  /** Gives up what was not asked for lately. */
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

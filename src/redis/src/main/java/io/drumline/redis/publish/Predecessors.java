package io.drumline.redis.publish;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What publishers have sent of keys that another one has now, until it is settled or has taken too
 * long: the other one waits for it. Used by one thread.
 */
final class Predecessors {
  private final List<Predecessor> list = new ArrayList<>();

  /**
   * @param upTo how many must be settled
   * @param settled how many are
   * @param until nano time from which on they are not waited for
   */
  private record Predecessor(long upTo, AtomicLong settled, long until) {}

  void add(long upTo, AtomicLong settled, Duration patience) {
    list.add(new Predecessor(upTo, settled, System.nanoTime() + patience.toNanos()));
  }

  boolean settled() {
    if (!list.isEmpty()) {
      long now = System.nanoTime();
      list.removeIf(each -> each.settled.get() >= each.upTo || now - each.until >= 0);
    }
    return list.isEmpty();
  }
}

package io.drumline.redis.publish;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Publications that other publishers have sent for keys that this publisher has now. It waits until
 * they are settled or have timed out. Used by one thread.
 */
final class Predecessors {
  private final List<Predecessor> list = new ArrayList<>();

  /**
   * @param upTo the number that must be settled
   * @param settled the number settled so far
   * @param until nano time after which they are not waited for
   * @param handOver hands over publications to be resent
   */
  private record Predecessor(long upTo, AtomicLong settled, long until, Runnable handOver) {
    boolean isOver(long now) {
      return settled.get() >= upTo || now - until >= 0;
    }
  }

  void add(long upTo, AtomicLong settled, Duration patience, Runnable handOver) {
    if (settled.get() < upTo) {
      list.add(new Predecessor(upTo, settled, System.nanoTime() + patience.toNanos(), handOver));
    }
  }

  void addAll(Predecessors others) {
    list.addAll(List.copyOf(others.list));
  }

  boolean settled() {
    if (!list.isEmpty()) {
      long now = System.nanoTime();
      List<Predecessor> over = list.stream().filter(each -> each.isOver(now)).toList();
      list.removeAll(over);
      over.forEach(each -> each.handOver.run());
    }
    return list.isEmpty();
  }
}

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
   * @param handOver hands over what came back
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

package io.drumline.backplane;

import io.drumline.message.Destination;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Limits the memory of all destinations of a memory backplane. Beyond the limit, the least recently
 * used of a few sampled destinations are evicted, as Redis evicts keys. Subscriptions that resume
 * there receive a gap notice. Thread safe.
 */
final class MemoryBudget {
  /** Number of candidates from which the victim is chosen. */
  private static final int SAMPLES = 16;

  /** Maximum victims per publication, so that none waits long. */
  private static final int VICTIMS = 16;

  private final long limit;
  private final Counter evicted;
  private final AtomicLong used = new AtomicLong();
  private Iterator<Map.Entry<Destination, MemoryOrder>> next = Collections.emptyIterator();

  MemoryBudget(long limit, MeterRegistry registry) {
    this.limit = limit;
    Gauge.builder("drumline.memory.history.bytes", used, Number::doubleValue)
        .description("Bytes that the destinations of a node without Redis take.")
        .register(registry);
    Gauge.builder("drumline.memory.history.limit.bytes", () -> limit)
        .description("What they may take before histories are cut.")
        .register(registry);
    evicted =
        Counter.builder("drumline.memory.history.evicted")
            .description("Histories that were cut or forgotten early, because of the limit.")
            .register(registry);
  }

  void use(long bytes) {
    used.addAndGet(bytes);
  }

  long used() {
    return used.get();
  }

  /**
   * Evicts destinations if the limit is exceeded; returns whether there is room.
   *
   * @param givenUp called for each destination removed
   */
  boolean hasRoom(
      ConcurrentHashMap<Destination, MemoryOrder> orders, Consumer<MemoryOrder> givenUp) {
    for (int i = 0; i < VICTIMS && used.get() > limit; i++) {
      evict(orders, givenUp);
    }
    return used.get() <= limit;
  }

  private synchronized void evict(
      ConcurrentHashMap<Destination, MemoryOrder> orders, Consumer<MemoryOrder> givenUp) {
    Map.Entry<Destination, MemoryOrder> victim = null;
    long least = Long.MAX_VALUE;
    for (int i = 0; i < SAMPLES; i++) {
      Map.Entry<Destination, MemoryOrder> candidate = next(orders);
      long worth = candidate == null ? Long.MAX_VALUE : candidate.getValue().worth();
      if (worth < least) {
        victim = candidate;
        least = worth;
      }
    }
    if (victim != null) {
      if (victim.getValue().giveUp()) {
        orders.remove(victim.getKey(), victim.getValue());
        givenUp.accept(victim.getValue());
      }
      evicted.increment();
    }
  }

  /** Iterates in the map's order, which is effectively random. */
  private Map.@Nullable Entry<Destination, MemoryOrder> next(
      ConcurrentHashMap<Destination, MemoryOrder> orders) {
    if (!next.hasNext()) {
      next = orders.entrySet().iterator();
    }
    return next.hasNext() ? next.next() : null;
  }
}

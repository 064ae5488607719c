package io.drumline.backplane;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The backplane of a single node: the order of every destination is kept in this process, and
 * publications come back on the publishing thread, before {@link #publish} returns.
 *
 * <p>A destination that nobody subscribes to is forgotten an hour after its last use, or when the
 * last of its history is too old, whatever comes later; its next message begins a new epoch. When
 * all destinations take more than {@code drumline.memory.history-limit}, some are forgotten or lose
 * the older half of their history at once; where that does not help, publications are refused.
 */
public final class MemoryBackplane implements Backplane {
  private static final long FORGET_AFTER_MILLIS = Duration.ofHours(1).toMillis();
  private static final long SWEEP_EVERY_MILLIS = Duration.ofMinutes(1).toMillis();

  private final ConcurrentHashMap<Destination, MemoryOrder> orders = new ConcurrentHashMap<>();
  private final MessageIds ids;
  private final Retentions retentions;
  private final MemoryBudget budget;
  private final InstantSource clock;
  private final AtomicLong nextSweep;
  private volatile @Nullable Receiver receiver;

  public MemoryBackplane(
      MessageIds ids, Retentions retentions, MemoryProperties properties, MeterRegistry registry) {
    this(
        ids,
        retentions,
        new MemoryBudget(properties.historyOctets(), registry),
        InstantSource.system());
  }

  MemoryBackplane(MessageIds ids, Retentions retentions, MemoryBudget budget, InstantSource clock) {
    this.ids = ids;
    this.retentions = retentions;
    this.budget = budget;
    this.clock = clock;
    this.nextSweep = new AtomicLong(clock.millis() + SWEEP_EVERY_MILLIS);
  }

  @Override
  public void start(Receiver receiver) {
    this.receiver = receiver;
  }

  @Override
  public CompletionStage<String> publish(Draft draft) {
    Receiver receiver = this.receiver;
    if (receiver == null) {
      return CompletableFuture.failedFuture(
          new BackplaneException(
              "The message was not accepted: the backplane is unavailable.", null));
    }
    long now = clock.millis();
    sweep(now);
    String id = ids.next();
    if (!draft.destination().ordered()) {
      MemoryOrder order = orders.get(draft.destination());
      if (order != null) {
        order.deliver(draft, id, now, receiver);
      }
      return CompletableFuture.completedFuture(id);
    }
    if (!budget.hasRoom(orders)) {
      return CompletableFuture.failedFuture(
          new BackplaneException(
              "The message was not accepted: the backplane is overloaded.", null));
    }
    while (true) {
      String messageId = order(draft.destination()).append(draft, id, now, receiver);
      if (messageId != null) {
        return CompletableFuture.completedFuture(messageId);
      }
    }
  }

  @Override
  public CompletionStage<Void> subscribe(Destination destination) {
    while (!order(destination).subscribe()) {
      // Forgotten between look-up and use: the next look-up makes a new one.
      Thread.onSpinWait();
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void unsubscribe(Destination destination) {
    MemoryOrder order = orders.get(destination);
    if (order != null) {
      order.unsubscribe(clock.millis());
    }
  }

  @Override
  public CompletionStage<History> read(
      Destination destination, long after, int count, boolean begin) {
    if (receiver == null) {
      return CompletableFuture.failedFuture(
          new BackplaneException(
              "The history cannot be read: the backplane is unavailable.", null));
    }
    long now = clock.millis();
    sweep(now);
    while (true) {
      MemoryOrder order = begin ? order(destination) : orders.get(destination);
      History history = order == null ? MemoryOrder.NO_EPOCH : order.read(after, count, begin, now);
      if (history != null) {
        return CompletableFuture.completedFuture(history);
      }
    }
  }

  @Override
  public boolean available() {
    return receiver != null;
  }

  @Override
  public void close() {
    receiver = null;
    orders.clear();
  }

  /** How many destinations are remembered. */
  int size() {
    return orders.size();
  }

  private MemoryOrder order(Destination destination) {
    MemoryOrder order = orders.get(destination);
    return order != null
        ? order
        : orders.computeIfAbsent(
            destination,
            key ->
                new MemoryOrder(
                    key,
                    key.ordered() ? ids.newEpoch(key) : "",
                    retentions.of(key),
                    budget,
                    clock.millis()));
  }

  private void sweep(long now) {
    long due = nextSweep.get();
    if (now >= due && nextSweep.compareAndSet(due, now + SWEEP_EVERY_MILLIS)) {
      orders.values().removeIf(order -> order.forget(now, FORGET_AFTER_MILLIS));
    }
  }
}

package io.drumline.backplane;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The backplane of a single node: the order of every destination is kept in this process, and
 * publications are delivered on the publishing thread, before {@link #publish} returns.
 *
 * <p>A destination without subscribers is forgotten an hour after its last use, or when its whole
 * history has expired, whichever is later; its next message begins a new epoch. When all
 * destinations together exceed {@code drumline.memory.history-limit}, the least recently used are
 * forgotten or lose the older half of their history at once; if that is not enough, publications
 * are rejected.
 */
public final class MemoryBackplane implements Backplane {
  private static final long FORGET_AFTER_MILLIS = Duration.ofHours(1).toMillis();

  /** Maximum number of destinations that one call maintains, so that no call takes long. */
  private static final int LOOKS_A_CALL = 16;

  private final ConcurrentHashMap<Destination, MemoryOrder> orders = new ConcurrentHashMap<>();
  private final MessageIds ids;
  private final Retentions retentions;
  private final MemoryBudget budget;
  private final InstantSource clock;

  /** The schedule of the destinations' maintenance, earliest first; each is listed once. */
  private final ConcurrentSkipListSet<Due> due = new ConcurrentSkipListSet<>();

  private final AtomicLong created = new AtomicLong();

  private volatile @Nullable Receiver receiver;

  public MemoryBackplane(
      MessageIds ids, Retentions retentions, MemoryLimits limits, MeterRegistry registry) {
    this(ids, retentions, new MemoryBudget(limits.history(), registry), InstantSource.system());
  }

  MemoryBackplane(MessageIds ids, Retentions retentions, MemoryBudget budget, InstantSource clock) {
    this.ids = ids;
    this.retentions = retentions;
    this.budget = budget;
    this.clock = clock;
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
              "The message was not accepted; the backplane is unavailable.", null));
    }
    long now = clock.millis();
    forgetSome(now);
    String id = ids.next();
    if (!draft.destination().ordered()) {
      MemoryOrder order = orders.get(draft.destination());
      if (order != null) {
        order.deliver(draft, id, now, receiver);
      }
      return CompletableFuture.completedFuture(id);
    }
    if (!budget.hasRoom(orders, this::givenUp)) {
      return CompletableFuture.failedFuture(
          new BackplaneException(
              "The message was not accepted; the backplane is overloaded.", null));
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
      // Forgotten between lookup and use: the next lookup creates a new one.
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
              "The history cannot be read; the backplane is unavailable.", null));
    }
    long now = clock.millis();
    forgetSome(now);
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
    due.clear();
  }

  /** The number of destinations remembered. */
  int size() {
    return orders.size();
  }

  /** The number of scheduled destinations: all of them. */
  int dueCount() {
    return due.size();
  }

  private MemoryOrder order(Destination destination) {
    MemoryOrder order = orders.get(destination);
    return order != null ? order : orders.computeIfAbsent(destination, this::begin);
  }

  private MemoryOrder begin(Destination destination) {
    long now = clock.millis();
    MemoryOrder order =
        new MemoryOrder(
            destination,
            destination.ordered() ? ids.newEpoch(destination) : "",
            retentions.of(destination),
            budget,
            now);
    lookAfter(destination, order, created.incrementAndGet(), now);
    return order;
  }

  /** Maintains the destinations that are due; usually none. */
  private void forgetSome(long now) {
    for (int i = 0; i < LOOKS_A_CALL; i++) {
      Due first = due.isEmpty() ? null : first();
      if (first == null || first.millis > now || !due.remove(first)) {
        return; // or another thread maintains it
      }
      if (first.order.forget(now, FORGET_AFTER_MILLIS)) {
        orders.remove(first.destination, first.order);
      } else {
        lookAfter(first.destination, first.order, first.number, now);
      }
    }
  }

  private @Nullable Due first() {
    try {
      return due.first();
    } catch (NoSuchElementException e) {
      return null; // another thread has taken the last one
    }
  }

  private void lookAfter(Destination destination, MemoryOrder order, long number, long now) {
    Due next = new Due(order.due(now, FORGET_AFTER_MILLIS), number, destination, order);
    due.add(next);
    order.lookedAfter(next);
    if (order.isForgotten()) {
      due.remove(next); // it was evicted meanwhile
    }
  }

  /** It was evicted. */
  private void givenUp(MemoryOrder order) {
    Due next = order.nextLook();
    if (next != null) {
      due.remove(next);
    }
  }

  /**
   * When a destination's maintenance is due.
   *
   * @param number unique, to order entries that are due in the same millisecond
   */
  record Due(long millis, long number, Destination destination, MemoryOrder order)
      implements Comparable<Due> {

    @Override
    public int compareTo(Due other) {
      int byTime = Long.compare(millis, other.millis);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }
}

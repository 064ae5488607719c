package io.drumline.backplane;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Position;
import io.drumline.message.Publication;
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
 * <p>A destination that nobody subscribes to is forgotten an hour after its last message; its next
 * message begins a new epoch.
 */
public final class MemoryBackplane implements Backplane {
  private static final long FORGET_AFTER_MILLIS = Duration.ofHours(1).toMillis();
  private static final long SWEEP_EVERY_MILLIS = Duration.ofMinutes(1).toMillis();

  private final ConcurrentHashMap<Destination, Order> orders = new ConcurrentHashMap<>();
  private final MessageIds ids;
  private final InstantSource clock;
  private final AtomicLong nextSweep;
  private volatile @Nullable Receiver receiver;

  public MemoryBackplane(MessageIds ids) {
    this(ids, InstantSource.system());
  }

  MemoryBackplane(MessageIds ids, InstantSource clock) {
    this.ids = ids;
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
      Order order = orders.get(draft.destination());
      if (order != null) {
        order.deliver(draft, id, now, receiver);
      }
      return CompletableFuture.completedFuture(id);
    }
    while (true) {
      Position position = order(draft.destination()).append(draft, id, now, receiver);
      if (position != null) {
        return CompletableFuture.completedFuture(position.messageId(id));
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
    Order order = orders.get(destination);
    if (order != null) {
      order.unsubscribe(clock.millis());
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

  private Order order(Destination destination) {
    Order order = orders.get(destination);
    return order != null
        ? order
        : orders.computeIfAbsent(destination, key -> new Order(ids.newEpoch(key), clock.millis()));
  }

  private void sweep(long now) {
    long due = nextSweep.get();
    if (now >= due && nextSweep.compareAndSet(due, now + SWEEP_EVERY_MILLIS)) {
      orders
          .entrySet()
          .removeIf(
              entry ->
                  entry.getValue().forget(now - FORGET_AFTER_MILLIS, entry.getKey().ordered()));
    }
  }

  /**
   * One destination's order. Its monitor is held while a publication is handed to the receiver: so
   * the receiver sees them in order, one at a time.
   */
  private static final class Order {
    private final String epoch;
    private long offset;
    private String lastId = "";
    private long lastUse;
    private boolean subscribed;
    private boolean forgotten;

    Order(String epoch, long now) {
      this.epoch = epoch;
      this.lastUse = now;
    }

    /** The position given, or null where this order is forgotten and another must be asked. */
    synchronized @Nullable Position append(Draft draft, String id, long now, Receiver receiver) {
      if (forgotten) {
        return null;
      }
      Position position = new Position(epoch, ++offset);
      String previousId = lastId;
      lastId = id;
      lastUse = now;
      if (subscribed) {
        receiver.received(publication(draft, position, previousId, id, now));
      }
      return position;
    }

    synchronized void deliver(Draft draft, String id, long now, Receiver receiver) {
      if (subscribed) {
        receiver.received(publication(draft, Position.NONE, "", id, now));
      }
    }

    synchronized boolean subscribe() {
      subscribed = !forgotten;
      return subscribed;
    }

    synchronized void unsubscribe(long now) {
      subscribed = false;
      lastUse = now;
    }

    /** Ephemeral destinations have no order to remember: they go at the first sweep. */
    synchronized boolean forget(long idleSince, boolean ordered) {
      forgotten = !subscribed && (!ordered || lastUse < idleSince);
      return forgotten;
    }

    private static Publication publication(
        Draft draft, Position position, String previousId, String id, long now) {
      return new Publication(
          draft.destination(),
          position,
          previousId,
          id,
          now,
          draft.headers(),
          draft.body(),
          draft.session());
    }
  }
}

package io.drumline.hub;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All subscriptions of one connection: their number, and those not live yet. Used on the
 * connection's event loop.
 */
final class Subscriber {
  /** This many queued bytes weigh as much as one subscription. */
  private static final int BYTES_LIKE_A_SUBSCRIPTION = 4096;

  final Connection connection;
  private final ShardLoop loop;
  private final Consumer<Subscriber> catchesUp;
  private int subscriptions;
  private int mostSubscriptions;
  private @Nullable CatchUps catchUps;
  private @Nullable Replacements replacements;

  /**
   * @param catchesUp called when this subscriber has subscriptions that are not live: it needs
   *     {@link #tick} until {@link #endCatchUps} returns true
   */
  Subscriber(Connection connection, ShardLoop loop, Consumer<Subscriber> catchesUp) {
    this.connection = connection;
    this.loop = loop;
    this.catchesUp = catchesUp;
  }

  /** A subscription has begun. */
  void subscribed() {
    subscriptions++;
  }

  /** A subscription has ended. */
  void unsubscribed() {
    subscriptions--;
  }

  /** The subscriptions that are not live yet. */
  CatchUps catchUps() {
    if (catchUps == null) {
      catchUps = new CatchUps(connection, loop, () -> catchesUp.accept(this));
    }
    return catchUps;
  }

  /** A new subscription requests its position or history. */
  void catchUp(CatchUps.Asker subscription) {
    catchUps().add(subscription, mayReadFrom());
  }

  /**
   * The first tick in which the new subscription may cause a read. A client's first subscriptions
   * are not delayed: only those that replace cancelled ones are.
   */
  private long mayReadFrom() {
    if (subscriptions > mostSubscriptions) {
      mostSubscriptions = subscriptions;
      return 0;
    }
    if (replacements == null) {
      replacements = new Replacements(loop.metrics);
    }
    return replacements.next(loop.ticks());
  }

  /** A subscription needs no more history. */
  void done(CatchUps.Asker subscription) {
    if (catchUps != null) {
      catchUps.done(subscription);
    }
  }

  /** Called every tick while some subscriptions are not live. */
  void tick() {
    if (catchUps != null) {
      catchUps.tick();
    }
  }

  /** Drops the catch-up state if it is idle; returns whether it is dropped. */
  boolean endCatchUps() {
    if (catchUps == null || catchUps.isIdle()) {
      catchUps = null;
      return true;
    }
    return false;
  }

  /** The cost of moving its client: subscriptions to make and catch up again, bytes to read. */
  long weight() {
    return subscriptions + connection.queue().bytes() / BYTES_LIKE_A_SUBSCRIPTION;
  }
}

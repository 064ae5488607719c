package io.drumline.hub;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection's subscriptions together: how many they are, and which of them are not live yet.
 * Used on the connection's event loop.
 */
final class Subscriber {
  /** Bytes that wait for a client weigh as much as one subscription. */
  private static final int BYTES_LIKE_A_SUBSCRIPTION = 4096;

  final Connection connection;
  private final ShardLoop loop;
  private final Consumer<Subscriber> catchesUp;
  private int subscriptions;
  private int mostSubscriptions;
  private @Nullable CatchUps catchUps;
  private @Nullable Replacements replacements;

  /**
   * @param catchesUp called when this one has subscriptions that are not live: it wants {@link
   *     #tick} until {@link #endCatchUps} returns true
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

  /** A new subscription asks for its position or its past. */
  void catchUp(CatchUps.Asker subscription) {
    catchUps().add(subscription, mayReadFrom());
  }

  /**
   * The tick before which the subscription that begins must not cause a read. As many as its client
   * has at the same time are free.
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

  /** A subscription needs nothing of the past any more. */
  void done(CatchUps.Asker subscription) {
    if (catchUps != null) {
      catchUps.done(subscription);
    }
  }

  /** Called every tick while some are not live. */
  void tick() {
    if (catchUps != null) {
      catchUps.tick();
    }
  }

  /** Forgets the catching up where nobody waits for it any more; returns whether it did. */
  boolean endCatchUps() {
    if (catchUps == null || catchUps.isIdle()) {
      catchUps = null;
      return true;
    }
    return false;
  }

  /** What moving its client costs: subscriptions to make and catch up again, bytes to read. */
  long weight() {
    return subscriptions + connection.queue().bytes() / BYTES_LIKE_A_SUBSCRIPTION;
  }
}

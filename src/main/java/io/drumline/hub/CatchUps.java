package io.drumline.hub;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One connection's subscriptions that catch up, one after the other, so that what they missed does
 * not pile up in the connection's outbound queue. Used on the connection's event loop.
 */
final class CatchUps {
  private final Connection connection;
  private final ArrayDeque<Subscription> waiting = new ArrayDeque<>(1);
  private @Nullable Subscription current;

  CatchUps(Connection connection) {
    this.connection = connection;
  }

  void add(Subscription subscription) {
    waiting.add(subscription);
    if (current == null) {
      next();
    }
  }

  /** It has caught up, or gone. */
  void done(Subscription subscription) {
    if (current == subscription) {
      current = null;
      next();
    } else {
      waiting.remove(subscription);
    }
  }

  private void next() {
    Subscription next = waiting.poll();
    current = next;
    if (next != null) {
      try {
        connection.whenRoom(
            () -> {
              if (current == next && connection.open()) {
                next.ask();
              }
            });
      } catch (Throwable e) {
        next.failed(e);
      }
    }
  }
}

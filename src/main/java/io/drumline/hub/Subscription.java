package io.drumline.hub;

import io.drumline.message.Publication;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One connection's membership in a destination. Used on the connection's event loop only. */
public final class Subscription {
  final Connection connection;
  final Group group;

  /** Called for each publication just before it is written, or null. */
  final @Nullable Consumer<Publication> observer;

  /** Where the group holds this member; -1 once it has left. */
  int index;

  private final CompletionStage<Void> live;

  Subscription(
      Connection connection,
      Group group,
      @Nullable Consumer<Publication> observer,
      CompletionStage<Void> live) {
    this.connection = connection;
    this.group = group;
    this.observer = observer;
    this.live = live;
  }

  /**
   * Completes, on the connection's event loop, when everything published from now on will be
   * delivered, or when it is cancelled before that.
   */
  public CompletionStage<Void> live() {
    return live;
  }

  /** Ends it: nothing more is delivered once this returns. Idempotent. */
  public void cancel() {
    if (index >= 0) {
      group.remove(this);
      live.toCompletableFuture().complete(null);
    }
  }
}

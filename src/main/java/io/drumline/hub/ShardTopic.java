package io.drumline.hub;

import io.drumline.message.Destination;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A destination's subscribers on one shard. Touched on the shard's event loop only. */
final class ShardTopic {
  private static final CompletionStage<Void> LIVE = CompletableFuture.completedStage(null);

  final Shard shard;
  final Destination destination;
  private final Map<Group.Key, Group> groups = new HashMap<>(2);
  private boolean live;
  private @Nullable List<CompletableFuture<Void>> waiting;

  ShardTopic(Shard shard, Destination destination) {
    this.shard = shard;
    this.destination = destination;
  }

  Subscription add(
      Connection connection, FrameFormat format, @Nullable Consumer<Publication> observer) {
    Group.Key key = new Group.Key(format, connection.deflate());
    Group group = groups.computeIfAbsent(key, k -> new Group(this, k));
    Subscription subscription =
        new Subscription(connection, group, observer, live ? LIVE : promise());
    group.add(subscription);
    shard.subscribed(1);
    return subscription;
  }

  void left(Group group, boolean empty) {
    shard.subscribed(-1);
    if (empty) {
      groups.remove(group.key());
      if (groups.isEmpty()) {
        shard.forget(this);
      }
    }
  }

  /** The backplane delivers from now on. */
  void live() {
    live = true;
    List<CompletableFuture<Void>> promises = waiting;
    waiting = null;
    if (promises != null) {
      promises.forEach(promise -> promise.complete(null));
    }
  }

  void deliver(Publication publication, Frames.Payload kind) {
    String session = publication.session();
    for (Group group : groups.values()) {
      if (session == null) {
        group.append(publication, kind);
      } else {
        group.appendFor(session, publication, kind);
      }
    }
  }

  private CompletableFuture<Void> promise() {
    if (waiting == null) {
      waiting = new ArrayList<>(1);
    }
    CompletableFuture<Void> promise = new CompletableFuture<>();
    waiting.add(promise);
    return promise;
  }
}

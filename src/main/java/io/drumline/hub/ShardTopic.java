package io.drumline.hub;

import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A destination's subscribers on one shard. Touched on the shard's event loop only. */
final class ShardTopic {
  final Shard shard;
  final Destination destination;
  private final Map<Group.Key, Group> groups = new HashMap<>(2);

  /** Subscriptions that are not in their group yet. */
  private int joining;

  private boolean live;

  /** Those who begin with what is live, while nothing is. */
  private @Nullable List<Subscription> waiting;

  /** What was delivered last, or the gap before the next. */
  private @Nullable Publication lastPublication;

  private @Nullable Cursor lastCursor;

  ShardTopic(Shard shard, Destination destination) {
    this.shard = shard;
    this.destination = destination;
  }

  /** A member at once; it is live when the topic is. */
  void add(Subscription subscription) {
    enter(subscription);
    if (live) {
      subscription.joined(Joined.LIVE);
    } else {
      if (waiting == null) {
        waiting = new ArrayList<>(1);
      }
      waiting.add(subscription);
    }
  }

  /** Will be a member once it has caught up. */
  void addLater() {
    joining++;
    shard.subscribed(1);
  }

  /** It has caught up to this point, where the topic is. */
  void caughtUp(Subscription subscription, Cursor cursor) {
    joining--;
    shard.subscribed(-1);
    lastCursor = cursor;
    lastPublication = null;
    enter(subscription);
  }

  /** It has gone before it caught up. */
  void gaveUp() {
    joining--;
    shard.subscribed(-1);
    forgetIfEmpty();
  }

  private void enter(Subscription subscription) {
    groups.computeIfAbsent(subscription.key, key -> new Group(this, key)).add(subscription);
    shard.subscribed(1);
  }

  /** A member has left this group. */
  void left(Group group) {
    shard.subscribed(-1);
    if (group.isEmpty()) {
      groups.remove(group.key());
      forgetIfEmpty();
    }
  }

  private void forgetIfEmpty() {
    if (groups.isEmpty() && joining == 0) {
      shard.forget(this);
    }
  }

  /** The backplane delivers from now on. */
  void live() {
    live = true;
    List<Subscription> subscriptions = waiting;
    waiting = null;
    if (subscriptions != null) {
      subscriptions.forEach(subscription -> subscription.joined(Joined.LIVE));
    }
  }

  void deliver(Publication publication, Frames.Payload kind) {
    lastPublication = publication;
    String session = publication.session();
    for (Group group : groups.values()) {
      if (session == null) {
        group.append(publication, kind);
      } else {
        group.appendFor(session, publication, kind);
      }
    }
  }

  void deliver(Gap gap) {
    lastPublication = null;
    lastCursor = gap.cursor();
    for (Group group : groups.values()) {
      if (group.key().continuity()) {
        group.append(gap);
      }
    }
  }

  /** Behind what the members were given last; null if that is nothing yet. */
  @Nullable Cursor last() {
    return lastPublication == null ? lastCursor : Cursor.after(lastPublication);
  }
}

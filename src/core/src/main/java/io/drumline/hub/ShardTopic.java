package io.drumline.hub;

import io.drumline.hub.order.CatchUpStep;
import io.drumline.hub.order.Start;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A destination's subscriptions on one shard. Used on the shard's event loop unless a method says
 * otherwise.
 *
 * <p>A subscription is a member of a group or catching up; if a delivery to a member fails, it
 * starts to catch up. That transition allocates no memory: a failure caused by a lack of memory
 * must not be lost for the same reason.
 */
final class ShardTopic {
  /** Created in advance: it is needed when there is no memory. */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final Throwable NOT_DELIVERED =
      new IllegalStateException("A message could not be handed over to its subscribers");

  final ShardLoop loop;
  final Flushes flushes;
  final PauseFence fence;
  final Destination destination;
  private final TopicHost host;
  private final Map<GroupKey, Group> groups = new HashMap<>(2);

  /** Head of the linked list of subscriptions that are not in their group. */
  private @Nullable Subscription catchingUp;

  /** Whether its owner knows of it. Joining costs a read, so it waits for a subscription's turn. */
  private boolean joined;

  private boolean live;

  /** Subscriptions that begin with live messages, until the topic is live. */
  private @Nullable Set<Subscription> waiting;

  /** The last publication delivered; null after a gap. */
  private @Nullable Publication lastPublication;

  private @Nullable Cursor lastCursor;

  /**
   * The first publication or gap that could not be delivered here; null if none. Nothing after it
   * is delivered before {@link #settle}.
   */
  private @Nullable Object notDelivered;

  /**
   * The first publication or gap that the owner could not pass to this shard; null if none. Set by
   * the owner's thread, which passes nothing while it is set; cleared by the shard's thread after
   * everything passed before it.
   */
  private volatile @Nullable Object notHandedOver;

  /** Tasks that the owner has passed to another event loop. Owner's thread. */
  private long handedOver;

  /**
   * {@link #handedOver} when {@link #notHandedOver} was set: written before it and read after it.
   */
  private long handedOverBefore;

  /** How many of these tasks have started. Shard's thread. */
  private long taken;

  /** The owner failed to process or answer a request: everything is requested again. */
  private volatile boolean unanswered;

  ShardTopic(
      ShardLoop loop, Flushes flushes, PauseFence fence, TopicHost host, Destination destination) {
    this.loop = loop;
    this.flushes = flushes;
    this.fence = fence;
    this.host = host;
    this.destination = destination;
  }

  /** Joins the destination's owner, once; if this fails, the next call tries again. */
  void join() {
    if (!joined) {
      host.join(this);
      joined = true;
    }
  }

  boolean hasJoined() {
    return joined;
  }

  /** Passes a subscription's request to the owner, after joining it. */
  void catchUp(Subscription subscription, int question, Start start, CatchUpStep step) {
    join();
    host.catchUp(subscription, question, start, step);
  }

  /** Adds a member at once; it is live when the topic is. */
  void add(Subscription subscription) {
    if (!live) {
      if (waiting == null) {
        waiting = new LinkedHashSet<>();
      }
      waiting.add(subscription);
      subscription.subscriber.catchUps().await(subscription);
    }
    enter(subscription);
    if (live) {
      subscription.live(Joined.LIVE);
    }
  }

  /** Adds a subscription that becomes a member when it has caught up. */
  void addLater(Subscription subscription) {
    link(subscription);
    loop.counts.addSubscriptions(1);
  }

  /** The subscription has caught up to this position, where the topic is. */
  void caughtUp(Subscription subscription, Cursor cursor) {
    enter(subscription);
    unlink(subscription);
    loop.counts.addSubscriptions(-1);
    lastCursor = cursor;
    lastPublication = null;
  }

  /**
   * A delivery to a member failed; it is no longer in a group.
   *
   * @param next the first publication not delivered, or null
   * @param last the position reached, if {@code next} is null
   */
  void fellBehind(Subscription subscription, @Nullable Publication next, @Nullable Cursor last) {
    link(subscription);
    subscription.fellBehind(next, last);
  }

  /** The subscription was cancelled while catching up. */
  void gaveUp(Subscription subscription) {
    unlink(subscription);
    loop.counts.addSubscriptions(-1);
    forgetIfEmpty();
  }

  private void link(Subscription subscription) {
    Subscription first = catchingUp;
    subscription.next = first;
    if (first != null) {
      first.previous = subscription;
    }
    catchingUp = subscription;
  }

  private void unlink(Subscription subscription) {
    Subscription previous = subscription.previous;
    Subscription next = subscription.next;
    if (previous != null) {
      previous.next = next;
    } else {
      catchingUp = next;
    }
    if (next != null) {
      next.previous = previous;
    }
    subscription.previous = null;
    subscription.next = null;
  }

  private void enter(Subscription subscription) {
    groups.computeIfAbsent(subscription.key, key -> new Group(this, key)).add(subscription);
    loop.counts.addSubscriptions(1);
  }

  /** A member has left this group. */
  void left(Group group) {
    loop.counts.addSubscriptions(-1);
    if (group.isEmpty()) {
      groups.remove(group.key());
      forgetIfEmpty();
    }
  }

  /** Removes the topic if it has no subscriptions. */
  void forgetIfEmpty() {
    if (catchingUp == null && groups.values().stream().allMatch(Group::isEmpty)) {
      host.forget(this);
    }
  }

  /** The backplane delivers from now on. */
  void live() {
    live = true;
    Set<Subscription> subscriptions = waiting;
    waiting = null;
    if (subscriptions != null) {
      for (Subscription subscription : subscriptions) {
        subscription.subscriber.catchUps().destinationLive(subscription);
        subscription.live(Joined.LIVE);
      }
    }
  }

  /** The subscription was cancelled before the topic was live. */
  void waitsNoMore(Subscription subscription) {
    if (waiting != null) {
      waiting.remove(subscription);
    }
  }

  void deliver(Publication publication, Frames.Payload kind) {
    if (notDelivered != null) {
      return; // the members catch up from before it
    }
    String session = publication.session();
    try {
      for (Group group : groups.values()) {
        if (session == null) {
          group.append(publication, kind);
        } else {
          group.appendFor(session, publication, kind);
        }
      }
    } catch (Throwable e) { // not of a group: there is not even memory to iterate over them
      stop(publication, e);
      return;
    }
    lastPublication = publication;
  }

  void deliver(Gap gap) {
    if (notDelivered != null) {
      return;
    }
    try {
      Cursor previous = last();
      for (Group group : groups.values()) {
        if (group.key().continuity()) {
          group.append(gap, previous == null ? gap.cursor() : previous);
        }
      }
    } catch (Throwable e) {
      stop(gap, e);
      return;
    }
    lastPublication = null;
    lastCursor = gap.cursor();
  }

  /** The members must catch up from before this publication or gap. Allocates no memory. */
  private void stop(Object publicationOrGap, Throwable e) {
    if (destination.ordered()) {
      notDelivered = publicationOrGap;
      loop.repairs.later(e);
    } else {
      loop.repairs.lost(e);
    }
  }

  /** The position after the last delivery to the members; null if there was none. */
  @Nullable Cursor last() {
    return lastPublication == null ? lastCursor : Cursor.after(lastPublication);
  }

  /** The owner has passed on a task, which calls {@link #taken} first. Owner's thread. */
  void handedOver() {
    handedOver++;
  }

  /** A task passed by the owner starts. */
  void taken() {
    taken++;
  }

  /**
   * This publication or gap cannot be passed to the shard: the members must catch up from before
   * it. Owner's thread.
   */
  void owe(Object publicationOrGap, Throwable e) {
    if (destination.ordered()) {
      if (notHandedOver == null) {
        handedOverBefore = handedOver;
        notHandedOver = publicationOrGap;
      }
      loop.repairs.later(e);
    } else {
      loop.repairs.lost(e);
    }
  }

  /**
   * The first publication or gap that could not be passed on; nothing after it needs to be. Any
   * thread.
   */
  @Nullable Object owed() {
    return notHandedOver;
  }

  /** The owner failed to process or answer a request of this topic. Any thread. */
  void unanswered(Throwable e) {
    unanswered = true;
    loop.repairs.later(e);
  }

  /**
   * Makes members with failed deliveries catch up, but only after everything passed before the
   * failure has reached them, since they continue from their last message.
   *
   * @return false if some of that is still queued for this event loop
   */
  boolean settle() {
    settleDelivery();
    Object owed = notHandedOver;
    if (owed != null && taken < handedOverBefore) {
      return false;
    }
    settleHandOver(owed);
    return true;
  }

  /**
   * Called before a subscription becomes a member, or asks again to become one, at the owner's
   * position when it passed that on: members that are behind that position must catch up.
   *
   * @param owed {@link #owed} at that position, when the new subscription was not a member yet;
   *     anything owed since then is owed to it as well
   */
  @SuppressWarnings("ReferenceEquality") // identity
  void settleBefore(@Nullable Object owed) {
    settleDelivery();
    if (owed == notHandedOver) {
      settleHandOver(owed);
    }
  }

  private void settleDelivery() {
    Object stopped = notDelivered;
    if (stopped != null) {
      allFallBehind(stopped);
      notDelivered = null;
    }
  }

  private void settleHandOver(@Nullable Object owed) {
    if (owed != null) {
      allFallBehind(owed);
      notHandedOver = null;
    }
  }

  private void allFallBehind(Object owed) {
    Publication next = owed instanceof Publication publication ? publication : null;
    Cursor last = last();
    if (last == null && owed instanceof Gap gap) {
      last = gap.cursor();
    }
    Cursor behind = next == null ? ((Gap) owed).cursor() : Cursor.after(next);
    for (Group group : groups.values()) {
      if (group.wasGiven(owed)) { // others were not
        group.allFallBehind(null, behind, NOT_DELIVERED);
      } else {
        group.allFallBehind(last == null ? next : null, last, NOT_DELIVERED);
      }
    }
  }

  /** Retries everything that failed; returns false if some of it must be retried. */
  boolean repair() {
    boolean repaired = settle();
    Subscription.Answers answers =
        unanswered ? Subscription.Answers.LOST : Subscription.Answers.PENDING;
    unanswered = false;
    if (answers == Subscription.Answers.LOST) {
      try {
        host.join(this);
      } catch (Throwable e) {
        unanswered = true;
        repaired = false;
      }
    }
    groups.values().removeIf(Group::isEmpty);
    for (Subscription each = catchingUp; each != null; ) {
      Subscription next = each.next; // the repair may unlink this one
      repaired &= each.repair(answers);
      each = next;
    }
    return repaired;
  }
}

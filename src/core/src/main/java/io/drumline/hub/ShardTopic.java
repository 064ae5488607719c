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
 * A destination's subscribers on one shard. Touched on the shard's event loop, but for what says
 * otherwise.
 *
 * <p>A subscription is a member of a group, or catches up; one that something could not be
 * delivered to goes from the first to the second. That needs no memory: what fails for the lack of
 * it must not be forgotten for the lack of it.
 */
final class ShardTopic {
  /** Made beforehand: it is needed where there is no memory. */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final Throwable NOT_DELIVERED =
      new IllegalStateException("A message could not be handed over to its subscribers");

  final ShardLoop loop;
  final Flushes flushes;
  final PauseFence fence;
  final Destination destination;
  private final TopicHost host;
  private final Map<GroupKey, Group> groups = new HashMap<>(2);

  /** The first of the subscriptions that are not in their group (yet); they are linked. */
  private @Nullable Subscription catchingUp;

  /** Whether its owner knows of it, which costs a read: only once somebody's turn has come. */
  private boolean joined;

  private boolean live;

  /** Those who begin with what is live, while nothing is. */
  private @Nullable Set<Subscription> waiting;

  /** What was delivered last, or the gap before the next. */
  private @Nullable Publication lastPublication;

  private @Nullable Cursor lastCursor;

  /**
   * The first publication or gap that could not be delivered here; null if none. Nothing that comes
   * behind it is delivered before {@link #settle}.
   */
  private @Nullable Object notDelivered;

  /**
   * The first publication or gap that could not be handed over by the owner; null if none. Set by
   * the owner's thread, which hands nothing over while it is set; reset on the shard's, behind all
   * that was handed over before.
   */
  private volatile @Nullable Object notHandedOver;

  /** How many tasks the owner has handed over to another event loop. Of the owner's thread. */
  private long handedOver;

  /** The same when {@link #notHandedOver} was set: written before it, and read behind it. */
  private long handedOverBefore;

  /** How many of these tasks have begun. Of the shard's thread. */
  private long taken;

  /** The owner could not do, or answer, something that it was asked for: all is asked again. */
  private volatile boolean unanswered;

  ShardTopic(
      ShardLoop loop, Flushes flushes, PauseFence fence, TopicHost host, Destination destination) {
    this.loop = loop;
    this.flushes = flushes;
    this.fence = fence;
    this.host = host;
    this.destination = destination;
  }

  /** Joins the destination's owner, once; if this fails, the next one tries again. */
  void join() {
    if (!joined) {
      host.join(this);
      joined = true;
    }
  }

  boolean hasJoined() {
    return joined;
  }

  /** One of its subscriptions asks the owner, which knows of it by then. */
  void catchUp(Subscription subscription, int question, Start start, CatchUpStep step) {
    join();
    host.catchUp(subscription, question, start, step);
  }

  /** A member at once; it is live when the topic is. */
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

  /** Will be a member once it has caught up. */
  void addLater(Subscription subscription) {
    link(subscription);
    loop.counts.addSubscriptions(1);
  }

  /** It has caught up to this point, where the topic is. */
  void caughtUp(Subscription subscription, Cursor cursor) {
    enter(subscription);
    unlink(subscription);
    loop.counts.addSubscriptions(-1);
    lastCursor = cursor;
    lastPublication = null;
  }

  /**
   * A member could not be given something, and is in no group any more.
   *
   * @param next the first that it was not given, or null
   * @param last the point that it is at, where there is no {@code next}
   */
  void fellBehind(Subscription subscription, @Nullable Publication next, @Nullable Cursor last) {
    link(subscription);
    subscription.fellBehind(next, last);
  }

  /** It has gone before it caught up. */
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

  /** Ends with its last subscription. */
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

  /** It has gone before this was live. */
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
    } catch (Throwable e) { // not of a group: there is not even memory to walk over them
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

  /** The members are to catch up from before this publication or gap. Needs no memory. */
  private void stop(Object publicationOrGap, Throwable e) {
    if (destination.ordered()) {
      notDelivered = publicationOrGap;
      loop.repairs.later(e);
    } else {
      loop.repairs.lost(e);
    }
  }

  /** Behind what the members were given last; null if that is nothing yet. */
  @Nullable Cursor last() {
    return lastPublication == null ? lastCursor : Cursor.after(lastPublication);
  }

  /** The owner has handed over a task, which calls {@link #taken} first. Owner's thread. */
  void handedOver() {
    handedOver++;
  }

  /** A task that the owner has handed over begins. */
  void taken() {
    taken++;
  }

  /**
   * The members cannot be given this publication or gap, and are to catch up from before it.
   * Owner's thread.
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
   * The first publication or gap that was not handed over; what comes behind it need not be either.
   * Any thread.
   */
  @Nullable Object owed() {
    return notHandedOver;
  }

  /** The owner could not do or answer something that this topic has asked for. Any thread. */
  void unanswered(Throwable e) {
    unanswered = true;
    loop.repairs.later(e);
  }

  /**
   * Has the members that were not given something catch up. What was handed over before goes to
   * them first: they go on from the last that they were given.
   *
   * @return false if some of that still waits for this event loop
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
   * A subscription is about to become a member, or to ask once more to become one, at the point
   * where the owner was when it handed that over: the members that are not there are to catch up.
   *
   * @param owed {@link #owed} at that point, after which the newcomer is no member yet; what is
   *     owed since then is owed to the newcomer, too
   */
  @SuppressWarnings("ReferenceEquality") // that very one
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

  /** Goes on with all that has failed; returns false if some of it must be tried again. */
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
      Subscription next = each.next; // it may be done, and not be linked any more
      repaired &= each.repair(answers);
      each = next;
    }
    return repaired;
  }
}

package io.drumline.hub;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One connection's subscriptions that are not live yet. A few of them catch up side by side, each
 * in steps, as far as what they are given fits into the outbound queue beside what is live; an
 * answer that does not fit is not taken, and is asked for again when the steps before it are
 * written. One whose destination does not answer keeps no other one waiting, and after {@value
 * #ANSWER_TICKS} ticks its client is told. Used on the connection's event loop.
 *
 * <p>Times are counted in ticks of the shard, of 100 ms.
 */
final class CatchUps {
  /** After so many ticks without an answer the next one is asked for as well. */
  private static final int PATIENCE = 2;

  /** After so many ticks without an answer the client is told: within 5 s in any case. */
  static final int ANSWER_TICKS = 40;

  /** Where a subscription is on its way to be live. */
  private enum State {
    /** Waits for its turn. */
    WAITING,
    /** Its destination's owner is asked, and it has one of the places. */
    ASKED,
    /** As asked, but another one may have its place. */
    LATE,
    /** A part of what it missed waits in the outbound queue. */
    WRITING,
    /** Needs nothing of the past, only that the destination is live. */
    BEHIND_DESTINATION,
    GONE
  }

  /** A subscription that is not live. Not an interface: its methods are for this package. */
  abstract static class Asker {
    /** Asks for what comes next: it is its turn. */
    abstract void ask();

    /** Its turn has come, but something has failed: it asks by itself later. */
    abstract void failed(Throwable e);

    /** Its destination has not answered for so long that the client is told. */
    abstract void unavailable();

    /** Whether its client was told something already. */
    abstract boolean answered();
  }

  private static final class Join {
    private final Asker subscription;
    private State state;

    /** The tick since which it waits for its destination, as far as is known. */
    private long since;

    /** The tick in which it was asked for last. */
    private long askedAt;

    /** The tick before which it is not asked for again. */
    private long notBefore;

    /** Whether its last answer did not fit beside others. */
    private boolean alone;

    Join(Asker subscription, State state, long now) {
      this.subscription = subscription;
      this.state = state;
      this.since = now;
    }
  }

  private final Connection connection;
  private final ShardLoop loop;
  private final Runnable begins;
  private final Map<Asker, Join> joins = new LinkedHashMap<>();
  private final ArrayDeque<Join> waiting = new ArrayDeque<>(1);
  private int asked;

  private boolean awaitsRoom;

  /** The last tick in which the client had yet to read what others were given. */
  private long heldUpAt;

  /**
   * @param begins called when it has subscriptions, and had none: it wants {@link #tick} then
   */
  CatchUps(Connection connection, ShardLoop loop, Runnable begins) {
    this.connection = connection;
    this.loop = loop;
    this.begins = begins;
  }

  /**
   * A subscription asks for its position or its past.
   *
   * @param notBefore the tick before which its turn must not come
   */
  void add(Asker subscription, long notBefore) {
    Join join = begin(subscription, State.WAITING);
    join.notBefore = notBefore;
    waiting.add(join);
    next();
  }

  /** A member goes on from where it is: it could not be given something. */
  void addAgain(Asker subscription) {
    waiting.add(begin(subscription, State.WAITING));
    next();
  }

  /** A subscription waits for its destination to be live. */
  void await(Asker subscription) {
    begin(subscription, State.BEHIND_DESTINATION);
  }

  private Join begin(Asker subscription, State state) {
    if (joins.isEmpty()) {
      begins.run();
    }
    Join join = new Join(subscription, state, loop.ticks());
    joins.put(subscription, join);
    return join;
  }

  /** Its destination is live. */
  void destinationLive(Asker subscription) {
    Join join = joins.get(subscription);
    if (join != null && join.state == State.BEHIND_DESTINATION) {
      joins.remove(subscription);
    }
  }

  /** It is live, or has gone. */
  void done(Asker subscription) {
    Join join = joins.remove(subscription);
    if (join != null) {
      leavePlace(join);
      waiting.remove(join);
      join.state = State.GONE;
      next();
    }
  }

  /** Whether nobody waits here any more. */
  boolean isIdle() {
    return !connection.open() || (joins.isEmpty() && !isWriting() && !awaitsRoom);
  }

  /** Whether steps wait in the outbound queue. */
  private boolean isWriting() {
    return connection.catchUpBytes() > 0;
  }

  /**
   * An answer of so many bytes has come. Returns whether it is taken now; if not, it is asked for
   * again later.
   */
  boolean admits(Asker subscription, long bytes) {
    Join known = joins.get(subscription);
    Join join = known == null ? begin(subscription, State.LATE) : known; // if adding it has failed
    leavePlace(join);
    if (join.state == State.WAITING) {
      waiting.remove(join); // it has asked by itself meanwhile
    }
    if (isWriting() && connection.catchUpBytes() + bytes > loop.outboundLimit / 2) {
      join.state = State.WAITING;
      join.alone = true;
      waiting.addFirst(join); // asked for when what is before it is written
      return false;
    }
    join.alone = false;
    return true;
  }

  /** It has been given a part, or all, which waits in the outbound queue. */
  void written(Asker subscription, long bytes) {
    Join join = joins.get(subscription);
    if (join != null) {
      join.state = State.WRITING;
    }
    connection.addCatchUpBytes(bytes);
    if (bytes == 0) {
      goOn(join);
    } else {
      try {
        connection.whenWritten(
            () -> {
              connection.addCatchUpBytes(-bytes);
              goOn(join);
            });
      } catch (Throwable e) {
        connection.addCatchUpBytes(-bytes);
        throw e;
      }
    }
  }

  /** A step is written; the next one follows, unless it was the last. */
  private void goOn(@Nullable Join join) {
    if (join != null && join.state == State.WRITING) {
      join.state = State.WAITING;
      join.since = loop.ticks();
      waiting.addFirst(join);
    }
    next();
  }

  /** Called every tick while there are any. */
  void tick() {
    if (!connection.open()) {
      return;
    }
    long now = loop.ticks();
    if (isWriting() || awaitsRoom) {
      heldUpAt = now;
    }
    List<Asker> overdue = null;
    for (Join join : joins.values()) {
      if (join.state == State.ASKED && now - join.askedAt >= PATIENCE) {
        leavePlace(join);
      }
      if (!join.subscription.answered() && isOverdue(join, now)) {
        overdue = overdue == null ? new ArrayList<>() : overdue;
        overdue.add(join.subscription);
      }
    }
    if (overdue != null) {
      overdue.forEach(Asker::unavailable);
    }
    next();
  }

  /** Whether its destination has kept it waiting for too long, and not its own client. */
  private boolean isOverdue(Join join, long now) {
    return switch (join.state) {
      case ASKED, LATE, BEHIND_DESTINATION -> now - join.since >= ANSWER_TICKS;
      case WAITING -> now - waitsSince(join) >= ANSWER_TICKS;
      case WRITING, GONE -> false;
    };
  }

  private long waitsSince(Join join) {
    return Math.max(join.since, Math.max(heldUpAt, join.notBefore));
  }

  private void next() {
    while (asked < HubSettings.CATCH_UPS_SIDE_BY_SIDE && connection.open()) {
      Join first = firstAllowed();
      if (first == null || (first.alone && (isWriting() || asked > 0))) {
        return;
      }
      try {
        if (connection.liveBytes() > loop.outboundLimit / 2) {
          awaitRoom();
          return;
        }
      } catch (Throwable e) {
        waiting.remove(first);
        first.state = State.LATE;
        first.subscription.failed(e); // it asks again by itself
        return;
      }
      waiting.remove(first);
      asked++;
      first.state = State.ASKED;
      first.since = waitsSince(first); // others may hold up the client from now on, not this one
      first.askedAt = loop.ticks();
      first.subscription.ask();
    }
  }

  private @Nullable Join firstAllowed() {
    for (Join join : waiting) {
      if (join.notBefore <= loop.ticks()) {
        return join;
      }
    }
    return null; // the tick comes
  }

  private void awaitRoom() {
    if (!awaitsRoom) {
      awaitsRoom = true;
      try {
        connection.whenWritten(
            () -> {
              awaitsRoom = false;
              next();
            });
      } catch (Throwable e) {
        awaitsRoom = false;
        loop.failures.tell(e); // the next tick tries again
      }
    }
  }

  private void leavePlace(Join join) {
    if (join.state == State.ASKED) {
      asked--;
      join.state = State.LATE;
    }
  }
}

package io.drumline.hub;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One connection's subscriptions that are not live yet. A few of them catch up in parallel, in
 * steps, as far as the steps fit into the outbound queue beside live messages. An answer that does
 * not fit is dropped and requested again when the steps before it are written. A destination that
 * does not answer does not block the others; after {@value #ANSWER_TICKS} ticks its client is
 * notified. Used on the connection's event loop.
 *
 * <p>Times are in ticks of the shard, 100 ms each.
 */
final class CatchUps {
  /** After this many ticks without an answer, the next subscription may ask as well. */
  private static final int PATIENCE = 2;

  /** After this many ticks without an answer the client is notified: within 5 s in any case. */
  static final int ANSWER_TICKS = 40;

  /** The progress of a subscription towards being live. */
  private enum State {
    /** Waits for its turn. */
    WAITING,
    /** Has asked the destination's owner and holds one of the places. */
    ASKED,
    /** Has asked, but another subscription may use its place. */
    LATE,
    /** A part of its missed messages is in the outbound queue. */
    WRITING,
    /** Needs no history; waits for the destination to be live. */
    BEHIND_DESTINATION,
    GONE
  }

  /** A subscription that is not live. Not an interface: its methods are package-private. */
  abstract static class Asker {
    /** Its turn: requests the next part. */
    abstract void ask();

    /** Its turn failed; it asks again later by itself. */
    abstract void failed(Throwable e);

    /** The destination has not answered in time: notifies the client. */
    abstract void unavailable();

    /** Whether the client has already been notified. */
    abstract boolean answered();
  }

  private static final class Join {
    private final Asker subscription;
    private State state;

    /** The tick since which it has been waiting for its destination, as far as known. */
    private long since;

    /** The tick of its last request. */
    private long askedAt;

    /** The first tick in which it may ask. */
    private long notBefore;

    /** Whether its last answer did not fit, so that it must catch up alone. */
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

  /** The last tick in which the client still had to read the steps of other subscriptions. */
  private long heldUpAt;

  /**
   * @param begins called when the first subscription is added: it needs {@link #tick} from then on
   */
  CatchUps(Connection connection, ShardLoop loop, Runnable begins) {
    this.connection = connection;
    this.loop = loop;
    this.begins = begins;
  }

  /**
   * A subscription requests its position or history.
   *
   * @param notBefore the first tick in which it may ask
   */
  void add(Asker subscription, long notBefore) {
    Join join = begin(subscription, State.WAITING);
    join.notBefore = notBefore;
    waiting.add(join);
    next();
  }

  /** A member fell behind and catches up from its last message. */
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

  /** The destination is live. */
  void destinationLive(Asker subscription) {
    Join join = joins.get(subscription);
    if (join != null && join.state == State.BEHIND_DESTINATION) {
      joins.remove(subscription);
    }
  }

  /** The subscription is live or cancelled. */
  void done(Asker subscription) {
    Join join = joins.remove(subscription);
    if (join != null) {
      leavePlace(join);
      waiting.remove(join);
      join.state = State.GONE;
      next();
    }
  }

  /** Whether nothing is waiting here. */
  boolean isIdle() {
    return !connection.open() || (joins.isEmpty() && !isWriting() && !awaitsRoom);
  }

  /** Whether steps are in the outbound queue. */
  private boolean isWriting() {
    return connection.catchUpBytes() > 0;
  }

  /**
   * An answer of this many bytes has arrived. Returns false if there is no room: it is requested
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
      waiting.addFirst(join); // asks when the steps before it are written
      return false;
    }
    join.alone = false;
    return true;
  }

  /** A part, or all, of its missed messages was added to the outbound queue. */
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

  /** A step is written; requests the next one unless it was the last. */
  private void goOn(@Nullable Join join) {
    if (join != null && join.state == State.WRITING) {
      join.state = State.WAITING;
      join.since = loop.ticks();
      waiting.addFirst(join);
    }
    next();
  }

  /** Called every tick while there are subscriptions here. */
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

  /** Whether the destination, not the client, has delayed it for too long. */
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
      first.since = waitsSince(first); // later delays by other subscriptions do not count
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
    return null; // their ticks come later
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

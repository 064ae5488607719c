package io.drumline.hub;

import io.drumline.message.CloseCode;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection's membership in a destination. Used on the connection's event loop only.
 *
 * <p>It is a member of its group, or catches up. What cannot be delivered to a member makes it fall
 * behind: it then catches up from the last message that it was given. A step of catching up that
 * fails is taken again after a pause; where that fails for 5 seconds the connection is closed,
 * since its client can resume elsewhere.
 */
public final class Subscription {
  /** Repairs in a row, one each {@link Shard#REPAIR_MILLIS}, until the connection is closed. */
  static final int MOST_REPAIRS = 50;

  private enum State {
    /** It waits for its turn among those of its connection, or for what comes next. */
    CATCHING_UP,
    /** Something it asked for, or was given, has failed: it waits for its {@link #repair}. */
    FAILED,
    /** It is in its group, and is given what is live. */
    MEMBER,
    /** Something could not be delivered to it: it waits for its {@link #repair}. */
    BEHIND,
    CANCELLED
  }

  final Connection connection;
  final ShardTopic topic;
  final Group.Key key;

  /** Called for each publication just before it is written, or null; again if that failed. */
  final @Nullable Consumer<Publication> observer;

  /** Where the group holds this member; -1 while it is in none. */
  int index = -1;

  /** Its neighbours among the topic's subscriptions that are in no group. */
  @Nullable Subscription previous;

  @Nullable Subscription next;

  private final CompletableFuture<Joined> live = new CompletableFuture<>();
  private State state = State.CATCHING_UP;
  private @Nullable Group group;
  private Start start;

  /** The last thing it was given while it caught up, or before it fell behind. */
  private @Nullable Cursor cursor;

  /** What it could not be given when it fell behind; null if {@link #cursor} says where it is. */
  private @Nullable Publication notGiven;

  private @Nullable Gap missed;
  private boolean started;

  /** Whether it has asked for what comes next, and which of its questions that was. */
  private boolean asked;

  private int question;
  private int repairs;

  Subscription(
      Connection connection,
      ShardTopic topic,
      Group.Key key,
      Start start,
      @Nullable Consumer<Publication> observer) {
    this.connection = connection;
    this.topic = topic;
    this.key = key;
    this.start = start;
    this.observer = observer;
    connection.subscriptions++;
  }

  /**
   * Completes, on the connection's event loop, when everything published from now on will be
   * delivered, or when it is cancelled before that.
   */
  public CompletionStage<Joined> live() {
    return live;
  }

  /** Ends it: nothing more is delivered once this returns. Idempotent. */
  public void cancel() {
    if (state == State.CANCELLED) {
      return;
    }
    if (state == State.MEMBER && group != null) {
      group.remove(this); // after a flush, by which it may fall behind
    }
    boolean member = state == State.MEMBER;
    state = State.CANCELLED;
    connection.subscriptions--;
    if (!member) {
      topic.gaveUp(this);
      connection.catchUps().done(this);
    }
    live.complete(Joined.LIVE);
  }

  /**
   * The point behind all that was written to this subscription's client so far; null while that is
   * nothing. Writes what waits for the end of this turn of the event loop.
   */
  public @Nullable Cursor position() {
    if (group != null) {
      group.flush(); // it may fall behind by that
    }
    if (group != null) {
      return topic.last();
    }
    return notGiven == null ? cursor : Cursor.before(notGiven);
  }

  /** It is in this group now. */
  void entered(Group joined) {
    group = joined;
    state = State.MEMBER;
    repairs = 0;
  }

  void joined(Joined how) {
    live.complete(how);
  }

  /**
   * It could not be given something, and is in no group any more. Needs no memory.
   *
   * @param publication the first that it was not given, or null
   * @param last the point that it is at, where there is no such publication
   */
  void fellBehind(@Nullable Publication publication, @Nullable Cursor last) {
    group = null;
    state = State.BEHIND;
    notGiven = publication;
    if (publication == null) {
      cursor = last;
    }
  }

  /** Asks for what comes next. */
  void ask() {
    asked = true;
    question++; // an answer to an earlier one counts no more
    try {
      topic.shard.resume(this, start, started, question);
    } catch (Throwable e) {
      failed(e);
    }
  }

  /** A step of catching up has failed: it is taken again after a pause. Needs no memory. */
  void failed(Throwable e) {
    if (state == State.CATCHING_UP) {
      state = State.FAILED;
    }
    topic.shard.repairLater(e);
  }

  /**
   * Goes on with what has failed.
   *
   * @param again whether what was asked for may be lost, too
   * @return false if it must be tried again
   */
  boolean repair(boolean again) {
    if (!connection.open()) {
      return true;
    }
    try {
      if (state == State.BEHIND) {
        countRepair();
        Cursor from = notGiven == null ? cursor : Cursor.before(notGiven);
        start = new Start(key.continuity(), from, 0);
        started = from != null;
        cursor = from;
        notGiven = null;
        asked = false;
        state = State.CATCHING_UP;
        topic.shard.metrics().repairs.increment();
        connection.catchUps().add(this);
      } else if (state == State.FAILED) {
        countRepair();
        state = State.CATCHING_UP;
        ask();
      } else if (again && asked) {
        ask();
      }
    } catch (Throwable e) {
      failed(e);
    }
    return state == State.CATCHING_UP || state == State.MEMBER || !connection.open();
  }

  private void countRepair() {
    if (++repairs > MOST_REPAIRS) {
      repairs = 0;
      connection.close(
          CloseCode.INTERNAL_ERROR,
          "The server could not deliver a message: reconnect and resume.");
    }
  }

  /**
   * The next part of what it missed; the last one makes it a member.
   *
   * @param answered the question, as it was given to {@link Shard#resume}
   */
  void take(int answered, CatchUp catchUp) {
    if (answered != question || state != State.CATCHING_UP || !connection.open()) {
      return;
    }
    try {
      Start rest = new Start(start.continuity(), catchUp.cursor(), 0);
      Gap first = missed == null ? catchUp.gap() : missed;
      Joined how = catchUp.joined() ? new Joined(catchUp.cursor(), first) : null;
      write(catchUp.gap(), catchUp.publications());
      started = true;
      asked = false;
      cursor = catchUp.cursor();
      missed = first;
      start = rest;
      if (!connection.open()) {
        return; // it reads too slowly
      }
      if (how != null) {
        topic.caughtUp(this, catchUp.cursor());
        joined(how);
        connection.catchUps().done(this);
      } else {
        connection.whenWritten(this::askAgain);
      }
    } catch (Throwable e) {
      failed(e);
    }
  }

  private void askAgain() {
    if (state == State.CATCHING_UP && connection.open()) {
      ask();
    }
  }

  /** All of it or, if it throws, nothing. */
  private void write(@Nullable Gap gap, List<Publication> publications) {
    Shard shard = topic.shard;
    ByteBuf frames = shard.alloc().directBuffer();
    int count = 0;
    try {
      if (gap != null && key.continuity()) {
        shard.encoder().encode(key, gap, topic.destination, frames);
      }
      for (Publication publication : publications) {
        if (publication.session() == null || publication.session().equals(connection.id())) {
          if (observer != null) {
            observer.accept(publication);
          }
          shard.encoder().encode(key, publication, Frames.kindOf(publication), frames);
          count++;
        }
      }
    } catch (Throwable e) {
      frames.release();
      throw e;
    }
    if (frames.isReadable()) {
      connection.write(frames);
      shard.metrics().deliveries.add(count);
    } else {
      frames.release();
    }
  }
}

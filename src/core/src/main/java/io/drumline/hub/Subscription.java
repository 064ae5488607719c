package io.drumline.hub;

import io.drumline.hub.order.CatchUp;
import io.drumline.hub.order.CatchUpStep;
import io.drumline.hub.order.Start;
import io.drumline.message.CloseCode;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
public final class Subscription extends CatchUps.Asker {
  /** Repairs in a row, one each tick of the loop, until the connection is closed. */
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

  /** Whether the answers of the owner that are awaited will come. */
  enum Answers {
    PENDING,
    /** Perhaps: it is asked again. */
    LOST
  }

  final Subscriber subscriber;
  final Connection connection;
  final ShardTopic topic;
  final GroupKey key;

  /** Called for each publication, once, when it has been written; or null. */
  final @Nullable Consumer<Publication> observer;

  /** Where the group holds this member; -1 while it is in none. */
  int index = -1;

  /** Its neighbours among the topic's subscriptions that are in no group. */
  @Nullable Subscription previous;

  @Nullable Subscription next;

  private final long begun = System.nanoTime();
  private final boolean asksForPast;
  private @Nullable Joined told;
  private @Nullable Consumer<Joined> listener;
  private State state = State.CATCHING_UP;
  private @Nullable Group group;
  private Start start;

  /** The last thing it was given while it caught up, or before it fell behind. */
  private @Nullable Cursor cursor;

  /** What it could not be given when it fell behind; null if {@link #cursor} says where it is. */
  private @Nullable Publication notGiven;

  private @Nullable Gap missed;
  private CatchUpStep step = CatchUpStep.FIRST;

  /** Whether it has asked for what comes next. */
  private boolean asked;

  /** The question that it waits for the answer of; the number of none if it waits for no answer. */
  private volatile int question;

  private int repairs;

  Subscription(
      Subscriber subscriber,
      ShardTopic topic,
      GroupKey key,
      Start start,
      @Nullable Consumer<Publication> observer) {
    this.subscriber = subscriber;
    this.connection = subscriber.connection;
    this.topic = topic;
    this.key = key;
    this.start = start;
    this.asksForPast = start.joins();
    this.observer = observer;
    subscriber.subscribed();
  }

  /**
   * Has this told how the subscription begins, on the connection's event loop: when it is live, or
   * cancelled before. If its destination does not answer within 4 seconds, that is told first. One
   * listener at most.
   */
  public void onBegin(Consumer<Joined> toTell) {
    if (told != null) {
      toTell.accept(told);
    }
    if (!isSettled()) {
      listener = toTell;
    }
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
    nextQuestion();
    subscriber.unsubscribed();
    if (!member) {
      topic.gaveUp(this);
    }
    if (!member || !wasLive()) {
      topic.waitsNoMore(this);
      subscriber.done(this);
    }
    tell(Joined.CANCELLED);
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

  /** Everything that is published from now on is delivered to it. */
  void live(Joined how) {
    if (state == State.CANCELLED || wasLive()) {
      return;
    }
    if (asksForPast) {
      topic.loop.metrics.resume.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }
    tell(how);
  }

  /** Its destination has not answered for so long that the client is told. */
  @Override
  void unavailable() {
    if (told == null) {
      topic.loop.metrics.unavailable.increment();
      tell(Joined.UNAVAILABLE);
    }
  }

  /** Whether its client was told something already. */
  @Override
  boolean answered() {
    return told != null;
  }

  /** What was told of it stays true when it falls behind later. */
  private boolean wasLive() {
    return told != null && told.outcome() == Joined.Outcome.LIVE;
  }

  private void tell(Joined how) {
    if (wasLive()) {
      return;
    }
    told = how;
    if (listener != null) {
      try {
        listener.accept(how);
      } catch (Throwable e) {
        connection.failed(e); // its client would wait for an answer that never comes
        connection.close(CloseCode.INTERNAL_ERROR, "The server failed: reconnect.");
      }
    }
    if (isSettled()) {
      listener = null; // it may hold much of the client's SUBSCRIBE
    }
  }

  /** Whether there is nothing more to tell of its beginning. */
  private boolean isSettled() {
    return wasLive() || state == State.CANCELLED;
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

  /**
   * These were written. If its observer throws, nobody knows that the client has them: it is to
   * begin again.
   */
  void given(List<Publication> publications) {
    if (observer == null) {
      return;
    }
    try {
      publications.forEach(observer);
    } catch (Throwable e) {
      connection.failed(e);
      connection.close(CloseCode.INTERNAL_ERROR, "The server failed: reconnect and resume.");
    }
  }

  /** Asks for what comes next. */
  @Override
  void ask() {
    asked = true;
    nextQuestion(); // an answer to an earlier one counts no more
    try {
      topic.catchUp(this, question, start, step);
    } catch (Throwable e) {
      failed(e);
    }
  }

  private void nextQuestion() {
    question = question() + 1; // written by the connection's event loop only
  }

  /** The number of the question that it waits for the answer of, if any. Any thread. */
  int question() {
    return question;
  }

  /** A step of catching up has failed: it is taken again after a pause. Needs no memory. */
  @Override
  void failed(Throwable e) {
    if (state == State.CATCHING_UP) {
      state = State.FAILED;
    }
    topic.loop.repairs.later(e);
  }

  /**
   * Goes on with what has failed.
   *
   * @param answers whether the one that it waits for may be lost, too
   * @return false if it must be tried again
   */
  boolean repair(Answers answers) {
    if (!connection.open()) {
      return true;
    }
    try {
      if (state == State.BEHIND) {
        countRepair();
        Cursor from = notGiven == null ? cursor : Cursor.before(notGiven);
        start = new Start(key.continuity(), from, 0);
        step = from == null ? CatchUpStep.FIRST : CatchUpStep.NEXT;
        cursor = from;
        notGiven = null;
        asked = false;
        state = State.CATCHING_UP;
        topic.loop.metrics.repairs.increment();
        subscriber.catchUps().addAgain(this);
      } else if (state == State.FAILED) {
        countRepair();
        state = State.CATCHING_UP;
        ask();
      } else if (answers == Answers.LOST && asked) {
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
   * @param answered the number of the question
   */
  void take(int answered, CatchUp catchUp) {
    if (answered != question || state != State.CATCHING_UP || !connection.open()) {
      return;
    }
    try {
      asked = false;
      nextQuestion(); // this one is answered
      CatchUps catchUps = subscriber.catchUps();
      if (!catchUps.admits(this, catchUp.memoryBytes())) {
        return; // which asks for it again
      }
      Start rest = new Start(start.continuity(), catchUp.cursor(), 0);
      Gap gap = gap(catchUp);
      Gap first = missed == null ? gap : missed;
      Joined how = catchUp.joined() ? Joined.at(catchUp.cursor(), first) : null;
      long bytes = write(gap, catchUp.publications());
      step = CatchUpStep.NEXT;
      cursor = catchUp.cursor();
      missed = first;
      start = rest;
      if (!connection.open()) {
        return; // it has more unacknowledged messages than it may
      }
      if (how != null) {
        topic.caughtUp(this, catchUp.cursor());
        catchUps.done(this);
        live(how);
      }
      catchUps.written(this, bytes); // may ask for the next part at once
    } catch (Throwable e) {
      failed(e);
    }
  }

  /** What it is told before the publications. */
  private @Nullable Gap gap(CatchUp catchUp) {
    if (catchUp.gap() != null
        || step == CatchUpStep.NEXT
        || start.after() != null
        || told == null
        || wasLive()) {
      return catchUp.gap();
    }
    // It was answered before it was known where it begins: something may have come in between.
    return new Gap(catchUp.base(), Gap.Reason.UNAVAILABLE, Gap.UNKNOWN);
  }

  /** All of it or, if it throws, nothing; returns how many bytes that were. */
  private long write(@Nullable Gap gap, List<Publication> publications) {
    ShardLoop loop = topic.loop;
    List<Publication> own = new ArrayList<>(publications.size());
    ByteBuf frames = loop.alloc.directBuffer();
    try {
      if (gap != null && key.continuity()) {
        loop.encoder.encode(key, gap, topic.destination, frames);
      }
      for (Publication publication : publications) {
        if (publication.session() == null || publication.session().equals(connection.id())) {
          loop.encoder.encode(key, publication, Frames.kindOf(publication), frames);
          own.add(publication);
        }
      }
    } catch (Throwable e) {
      frames.release();
      throw e;
    }
    long bytes = frames.readableBytes();
    connection.writeCatchUp(frames);
    if (connection.open()) {
      given(own);
    }
    loop.metrics.deliveries.add(own.size());
    return bytes;
  }
}

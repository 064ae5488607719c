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
 * One connection's subscription to a destination. Used on the connection's event loop only.
 *
 * <p>It is either a member of its group or catching up. If a message cannot be delivered to a
 * member, the member falls behind and catches up from its last message. A failed step of catching
 * up is retried after a pause; after 5 seconds of failures the connection is closed, because the
 * client can resume elsewhere.
 */
public final class Subscription extends CatchUps.Asker {
  /** Consecutive repairs, one per tick, after which the connection is closed. */
  static final int MOST_REPAIRS = 50;

  private enum State {
    /** Waits for its turn among the connection's subscriptions, or for the next part. */
    CATCHING_UP,
    /** A request or a step of catching up has failed: waits for {@link #repair}. */
    FAILED,
    /** In its group; receives live messages. */
    MEMBER,
    /** A message could not be delivered: waits for {@link #repair}. */
    BEHIND,
    CANCELLED
  }

  /** Whether pending answers of the owner can still be expected. */
  enum Answers {
    PENDING,
    /** An answer may be lost: ask again. */
    LOST
  }

  final Subscriber subscriber;
  final Connection connection;
  final ShardTopic topic;
  final GroupKey key;

  /** Called once for each publication, after it has been written; or null. */
  final @Nullable Consumer<Publication> observer;

  /** Index in the group's list of members; -1 if in no group. */
  int index = -1;

  /** Links in the topic's list of subscriptions that are in no group. */
  @Nullable Subscription previous;

  @Nullable Subscription next;

  private final long begun = System.nanoTime();
  private final boolean asksForPast;
  private @Nullable Joined told;
  private @Nullable Consumer<Joined> listener;
  private State state = State.CATCHING_UP;
  private @Nullable Group group;
  private Start start;

  /** The last position delivered while catching up or before falling behind. */
  private @Nullable Cursor cursor;

  /**
   * The first publication not delivered when it fell behind; null if {@link #cursor} is the
   * position.
   */
  private @Nullable Publication notGiven;

  private @Nullable Gap missed;
  private CatchUpStep step = CatchUpStep.FIRST;

  /** Whether it has requested the next part. */
  private boolean asked;

  /** Number of the pending question; no answer matches it if none is pending. */
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
   * Sets the listener for the start of this subscription. It is called on the connection's event
   * loop when the subscription is live or was cancelled before that. If the destination does not
   * answer within 4 seconds, the listener is called with that first. At most one listener.
   */
  public void onBegin(Consumer<Joined> toTell) {
    if (told != null) {
      toTell.accept(told);
    }
    if (!isSettled()) {
      listener = toTell;
    }
  }

  /** Ends the subscription: nothing is delivered after this returns. Idempotent. */
  public void cancel() {
    if (state == State.CANCELLED) {
      return;
    }
    if (state == State.MEMBER && group != null) {
      group.remove(this); // it may fall behind during the flush
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
   * The position after everything written to the client so far; null if nothing was written.
   * Flushes the group's batch first.
   */
  public @Nullable Cursor position() {
    if (group != null) {
      group.flush(); // it may fall behind here
    }
    if (group != null) {
      return topic.last();
    }
    return notGiven == null ? cursor : Cursor.before(notGiven);
  }

  /** The subscription is now a member of this group. */
  void entered(Group joined) {
    group = joined;
    state = State.MEMBER;
    repairs = 0;
  }

  /** From now on every publication is delivered. */
  void live(Joined how) {
    if (state == State.CANCELLED || wasLive()) {
      return;
    }
    if (asksForPast) {
      topic.loop.metrics.resume.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }
    tell(how);
  }

  /** The destination has not answered in time: notifies the client. */
  @Override
  void unavailable() {
    if (told == null) {
      topic.loop.metrics.unavailable.increment();
      tell(Joined.UNAVAILABLE);
    }
  }

  /** Whether the client has already been notified. */
  @Override
  boolean answered() {
    return told != null;
  }

  /** Stays true when the subscription falls behind later. */
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
        connection.failed(e); // its client would wait forever for an answer
        connection.close(CloseCode.INTERNAL_ERROR, "The server failed: reconnect.");
      }
    }
    if (isSettled()) {
      listener = null; // it may hold much of the client's SUBSCRIBE
    }
  }

  /** Whether its start needs no more notification. */
  private boolean isSettled() {
    return wasLive() || state == State.CANCELLED;
  }

  /**
   * A message could not be delivered; the subscription has left its group. Allocates no memory.
   *
   * @param publication the first publication not delivered, or null
   * @param last the position reached, if {@code publication} is null
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
   * These publications were written. If the observer throws, the connection is closed and the
   * client must resume, because its bookkeeping is no longer reliable.
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

  /** Requests the next part. */
  @Override
  void ask() {
    asked = true;
    nextQuestion(); // answers to earlier questions are ignored
    try {
      topic.catchUp(this, question, start, step);
    } catch (Throwable e) {
      failed(e);
    }
  }

  private void nextQuestion() {
    question = question() + 1; // written by the connection's event loop only
  }

  /** The number of the pending question, if any. Any thread. */
  int question() {
    return question;
  }

  /** A step of catching up has failed; it is retried after a pause. Allocates no memory. */
  @Override
  void failed(Throwable e) {
    if (state == State.CATCHING_UP) {
      state = State.FAILED;
    }
    topic.loop.repairs.later(e);
  }

  /**
   * Retries what has failed.
   *
   * @param answers whether the pending answer may be lost
   * @return false if it must be retried
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
   * Delivers the next part of the missed messages; after the last part the subscription is a
   * member.
   *
   * @param answered the number of the question answered
   */
  void take(int answered, CatchUp catchUp) {
    if (answered != question || state != State.CATCHING_UP || !connection.open()) {
      return;
    }
    try {
      asked = false;
      nextQuestion(); // answered
      CatchUps catchUps = subscriber.catchUps();
      if (!catchUps.admits(this, catchUp.memoryBytes())) {
        return; // asks again later
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
        return; // closed: too many unacknowledged messages
      }
      if (how != null) {
        topic.caughtUp(this, catchUp.cursor());
        catchUps.done(this);
        live(how);
      }
      catchUps.written(this, bytes); // may request the next part at once
    } catch (Throwable e) {
      failed(e);
    }
  }

  /** The gap notice to send before the publications. */
  private @Nullable Gap gap(CatchUp catchUp) {
    if (catchUp.gap() != null
        || step == CatchUpStep.NEXT
        || start.after() != null
        || told == null
        || wasLive()) {
      return catchUp.gap();
    }
    // The client was notified before the start position was known, so messages may be missing
    // between.
    return new Gap(catchUp.base(), Gap.Reason.UNAVAILABLE, Gap.UNKNOWN);
  }

  /** Writes everything or, if it throws, nothing; returns the number of bytes written. */
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

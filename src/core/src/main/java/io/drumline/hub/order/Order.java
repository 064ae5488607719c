package io.drumline.hub.order;

import io.drumline.backplane.History;
import io.drumline.hub.order.Comparison.Finding;
import io.drumline.hub.order.Comparison.Finding.GoesOn;
import io.drumline.hub.order.Comparison.Finding.Parted;
import io.drumline.hub.order.Comparison.Finding.Unclear;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One destination's order on this node. Every publication passes through it. A publication that
 * follows the last one by its chained id is delivered, and a known one is dropped. For anything
 * else the order reads the backplane's history, which either explains it or shows a gap.
 *
 * <p>Live publications are held while such a read is wanted or pending. Nothing is delivered
 * meanwhile, so that an answer is unambiguous.
 *
 * <p>Pure: no threads, no clock, no I/O except its methods and {@link OrderOutput}. Used by one
 * thread at a time.
 *
 * @param <J> the type of joiners
 */
public final class Order<J> {
  private final OrderOutput<J> output;
  private final Chain delivered = new Chain();
  private final Joiners<J> joiners;
  private final Held held;
  private final Retries retries = new Retries();

  private boolean started;
  private boolean located;
  private boolean continuity;

  /** The read wanted for the order itself; null if there is no doubt. */
  private @Nullable OrderRead wanted;

  private long rewindAfter;
  private @Nullable OrderRead reading;
  private long readAfter;
  private int readCount;

  /** The number of {@link #held} publications that came before the read, which explains them. */
  private int heldBefore;

  /**
   * @param chunkBytes maximum bytes of one part for a joiner, beyond its first message
   * @param budget for the held live publications of all destinations
   */
  public Order(OrderOutput<J> output, long chunkBytes, HeldBudget budget) {
    this(output, chunkBytes, Window.MOST_BYTES, budget);
  }

  /**
   * @param windowBytes maximum bytes of live messages kept for joiners
   */
  Order(OrderOutput<J> output, long chunkBytes, long windowBytes, HeldBudget budget) {
    this.output = output;
    this.held = new Held(budget);
    this.joiners = new Joiners<>(output, chunkBytes, windowBytes);
  }

  /** The backplane delivers everything from now on; nothing is read before. */
  public void start() {
    started = true;
    wanted = OrderRead.LOCATE;
    next();
  }

  /** Whether the order's position is known, so that members can be live. */
  public boolean located() {
    return located;
  }

  /** Whether a subscription with continuity has joined, which needs gap notices. */
  public boolean continuity() {
    return continuity;
  }

  /** A publication from the backplane. */
  public void received(Publication publication) {
    if (standsStill() || !fits(publication)) {
      if (!standsStill()) {
        wanted = OrderRead.CHECK;
      }
      held.add(publication);
    }
    next();
  }

  /** Messages may have been lost: compares the order with the backplane. */
  public void doubt() {
    if (wanted == null) {
      wanted = OrderRead.CHECK;
    }
    next();
  }

  /** A subscription joins or requests the next part of the history. */
  public void join(J joiner, Start start, CatchUpStep step) {
    continuity |= start.continuity();
    if (standsStill()) {
      joiners.add(joiner, start, step);
    } else if (joiners.serve(joiner, start, step, delivered.end())) {
      wanted = OrderRead.CHECK;
    }
    next();
  }

  /** Whether a joiner waits for a part of the history. */
  public boolean hasJoiners() {
    return joiners.waiting();
  }

  /** Whether a read is pending or waits for its turn. */
  public boolean isReading() {
    return reading != null;
  }

  /** Ends the order: releases its share of the node's budgets. No method is called after this. */
  public void end() {
    held.clear();
    forgetPast();
  }

  /** Drops the history in memory, which only saves reads. */
  public void forgetPast() {
    joiners.forgetPast();
  }

  public long pastBytes() {
    return joiners.pastBytes();
  }

  /** The read failed: it is requested again. */
  public void failed() {
    OrderRead unanswered = reading;
    reading = null;
    if (wanted == null && unanswered != OrderRead.PAST) {
      wanted = unanswered;
    }
    retries.failed();
    joiners.prune();
    next();
  }

  /** The answer of the read. */
  public void history(History history) {
    Cursor before = delivered.end();
    boolean known = located;
    int waiting = held.size();
    long admitted = joiners.admitted();
    long after = readAfter;
    OrderRead answered = reading;
    reading = null;
    retries.answered();
    boolean stale = answered != null && take(answered, history);
    joiners.prune();
    serve();
    boolean advances =
        !Objects.equals(before, delivered.end())
            || known != located
            || admitted != joiners.admitted()
            || (!stale && held.size() < waiting)
            || (answered == OrderRead.REWIND && wanted == OrderRead.REWIND && rewindAfter > after)
            || (!stale && wanted == null && !joiners.waiting());
    if (advances) {
      retries.advanced();
    } else {
      if (held.size() < waiting) {
        retries.explained();
      } else {
        retries.stuck();
      }
      output.noProgress();
      if (retries.areTooMany()) {
        endInGap(answered, history);
      }
    }
    next();
  }

  /** Whether held publications were dropped because the history does not contain them. */
  private boolean take(OrderRead answered, History history) {
    if (answered == OrderRead.PAST) {
      if (delivered.contradicts(history)) {
        wanted = OrderRead.CHECK;
      } else {
        delivered.addOlder(history.publications());
        joiners.past(history, readAfter, delivered.end());
      }
      return false;
    }
    reconcile(answered, history);
    if (wanted != null) {
      return false;
    }
    located = true;
    return explainHeld();
  }

  /** The backplane answers, but without progress: ends the doubt with a gap notice. */
  private void endInGap(@Nullable OrderRead answered, History history) {
    Cursor there = history.last();
    boolean compares = answered != null && answered != OrderRead.PAST;
    if (compares && wanted != null && there != null && !there.equals(delivered.end())) {
      wanted = null;
      located = true;
      retries.endedInGap();
      if (delivered.end() != null) {
        output.gap(new Gap(there, Gap.Reason.DIVERGED, Gap.UNKNOWN));
      }
      place(there);
      explainHeld();
    }
    Cursor last = delivered.end();
    if (last != null && !standsStill() && joiners.waiting()) {
      retries.endedInGap();
      joiners.skipPast(last);
    }
  }

  private void serve() {
    if (!standsStill() && joiners.serve(delivered.end())) {
      wanted = OrderRead.CHECK;
    }
  }

  private boolean standsStill() {
    return !located || wanted != null || (reading != null && reading != OrderRead.PAST);
  }

  /** Requests the wanted read, unless one is pending. */
  private void next() {
    if (reading != null || !started) {
      return;
    }
    Cursor last = delivered.end();
    if (wanted == null && joiners.waiting()) {
      if (last == null) {
        wanted = OrderRead.CHECK; // it begins the first epoch
      } else {
        joiners.collect(last);
        read(OrderRead.PAST, Math.max(0, joiners.needed(last)), OrderRead.PAGE);
      }
    }
    OrderRead want = wanted;
    if (want == OrderRead.CHECK && !located && last == null) {
      want = OrderRead.LOCATE; // LOCATE failed before: the kept messages are history, not new ones
    }
    if (want != null) {
      wanted = null;
      heldBefore = held.size();
      switch (want) {
        case LOCATE -> {
          long needed = joiners.needed(null);
          read(want, Math.max(0, needed), needed < 0 ? 0 : OrderRead.PAGE);
        }
        case BEGINNING -> read(want, 0, OrderRead.PAGE);
        case REWIND -> read(want, rewindAfter, OrderRead.PAGE);
        default -> read(want, last == null ? 0 : last.offset(), OrderRead.PAGE);
      }
    }
  }

  private void read(OrderRead read, long after, int count) {
    reading = read;
    readAfter = after;
    readCount = count;
    boolean begin = continuity || delivered.end() != null || joiners.waiting();
    boolean asked = false;
    try {
      output.read(after, count, begin, retries.backOff());
      asked = true;
    } finally {
      if (!asked) {
        reading = null; // no answer will come
        wanted = read == OrderRead.PAST ? wanted : read;
      }
    }
  }

  /** Delivers the publication if it is next, drops it if it is known; else returns false. */
  private boolean fits(Publication publication) {
    if (delivered.hasAbandoned(publication)) {
      output.stale(publication);
      return true;
    }
    if (delivered.leadsTo(publication)) {
      deliver(publication);
      return true;
    }
    return delivered.has(publication);
  }

  private void deliver(Publication publication) {
    if (delivered.end() == null) {
      joiners.moved();
    }
    delivered.add(publication);
    boolean kept = false;
    try {
      joiners.delivered(publication);
      kept = true;
    } finally {
      // The chain has moved: members must receive it whatever fails.
      if (!kept) {
        joiners.moved();
      }
      output.deliver(publication);
    }
  }

  /** Jumps to a position that does not follow the previous one. */
  private void place(Cursor cursor) {
    delivered.beginAt(cursor);
    joiners.moved();
  }

  /**
   * Processes held publications, now that the history up to the last delivery is known.
   *
   * @return whether some of them were not part of the history
   */
  private boolean explainHeld() {
    boolean stale = false;
    int explained = heldBefore;
    for (Publication next; (next = held.first()) != null; held.removeFirst()) {
      if (!fits(next)) {
        if (explained <= 0) {
          wanted = OrderRead.CHECK;
          break;
        }
        stale = true;
        output.stale(next);
      }
      explained--;
    }
    if (held.endsOverflow()) {
      wanted = OrderRead.CHECK;
    }
    return stale;
  }

  /** Moves the order to the backplane's position, or requests another read. */
  private void reconcile(OrderRead read, History history) {
    Cursor there = history.last();
    if (there == null) {
      delivered.clear();
    } else if (read == OrderRead.LOCATE) {
      place(there);
      delivered.addOlder(history.publications());
      if (readCount > 0) {
        joiners.located(history, readAfter, there);
      }
    } else {
      Finding finding = Comparison.of(delivered, there, history, read, readAfter);
      if (finding instanceof GoesOn goesOn) {
        if (!goesOn.base().equals(delivered.end())) {
          place(goesOn.base());
        }
        deliverAll(goesOn.gap(), history, there);
      } else if (finding instanceof Parted parted) {
        delivered.goBackTo(parted.common());
        joiners.moved();
        deliverAll(parted.gap(), history, there);
      } else if (finding instanceof Unclear unclear) {
        wanted = unclear.read();
        rewindAfter = unclear.after();
      }
    }
  }

  private void deliverAll(@Nullable Gap gap, History history, Cursor there) {
    if (gap != null) {
      output.gap(gap);
    }
    for (Publication publication : history.publications()) {
      if (delivered.leadsTo(publication)) {
        deliver(publication);
      }
    }
    if (!there.equals(delivered.end())) {
      wanted = OrderRead.CHECK; // the page was full
    }
  }
}

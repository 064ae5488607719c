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
 * One destination's order on this node. Every publication passes through it: what follows the last
 * one by its chained id is delivered, what is known is dropped, and at anything else the order is
 * read from the backplane, which either explains it or shows a gap.
 *
 * <p>Live publications are held while such a read is wanted or under way: the order stands still
 * meanwhile, so an answer means one thing only.
 *
 * <p>Pure: no threads, no clock, no input or output but its methods and {@link OrderOutput}. Used
 * by one thread at a time.
 *
 * @param <J> who joins
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

  /** The read that is wanted, for everybody's sake; null if all is well. */
  private @Nullable OrderRead wanted;

  private long rewindAfter;
  private @Nullable OrderRead reading;
  private long readAfter;
  private int readCount;

  /** Of {@link #held}, those that came before the read was asked for: its answer explains them. */
  private int heldBefore;

  /**
   * @param chunkBytes how much a joiner gets at once, beyond one message
   * @param budget for the live publications that are held, of all destinations together
   */
  public Order(OrderOutput<J> output, long chunkBytes, HeldBudget budget) {
    this(output, chunkBytes, Window.MOST_BYTES, budget);
  }

  /**
   * @param windowBytes how much of what is live is kept for joiners
   */
  Order(OrderOutput<J> output, long chunkBytes, long windowBytes, HeldBudget budget) {
    this.output = output;
    this.held = new Held(budget);
    this.joiners = new Joiners<>(output, chunkBytes, windowBytes);
  }

  /** The backplane brings everything that is published from now on; nothing is read before. */
  public void start() {
    started = true;
    wanted = OrderRead.LOCATE;
    next();
  }

  /** Whether it is known where the order is, so that members can be live. */
  public boolean located() {
    return located;
  }

  /** Whether somebody has joined who must be told of gaps. */
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

  /** Something may have been lost: compare with the backplane. */
  public void doubt() {
    if (wanted == null) {
      wanted = OrderRead.CHECK;
    }
    next();
  }

  /** Somebody joins, or asks for the next part of its past. */
  public void join(J joiner, Start start, CatchUpStep step) {
    continuity |= start.continuity();
    if (standsStill()) {
      joiners.add(joiner, start, step);
    } else if (joiners.serve(joiner, start, step, delivered.end())) {
      wanted = OrderRead.CHECK;
    }
    next();
  }

  /** Whether somebody waits for a part of the past. */
  public boolean hasJoiners() {
    return joiners.waiting();
  }

  /** Whether a read is under way, or waits for its turn. */
  public boolean isReading() {
    return reading != null;
  }

  /** Nothing is called any more: gives back what the node counts. */
  public void end() {
    held.clear();
    forgetPast();
  }

  /** Gives back the memory that spares reads. */
  public void forgetPast() {
    joiners.forgetPast();
  }

  public long pastBytes() {
    return joiners.pastBytes();
  }

  /** The read failed: it is asked for again. */
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

  /** Whether it explained something that was held by not knowing it. */
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

  /** The backplane answers, but its answers lead nowhere: those concerned are told, and go on. */
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

  /** Asks for what is wanted, if nothing is under way. */
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
      want = OrderRead.LOCATE; // which has failed: what is kept is the past, and nothing new
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

  /** Delivers the publication if it is the next, drops it if it is known; else returns false. */
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
      // The chain has moved: whatever fails, members must be given it.
      if (!kept) {
        joiners.moved();
      }
      output.deliver(publication);
    }
  }

  /** Goes to a place that does not follow from the one before. */
  private void place(Cursor cursor) {
    delivered.beginAt(cursor);
    joiners.moved();
  }

  /**
   * Takes what was held, now that the backplane's history is known up to what was delivered.
   *
   * @return whether some of it is no part of that
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

  /** Brings the order to where the backplane is, or wants another read. */
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

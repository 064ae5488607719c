package io.drumline.hub;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One destination's order on this node. Every publication passes through it: what follows the last
 * one by its chained id is delivered, what is known is dropped, and at anything else the order is
 * read from the backplane, which either explains it or shows a gap.
 *
 * <p>Live publications are held while such a read is wanted or under way: the order stands still
 * meanwhile, so an answer means one thing only.
 *
 * <p>Pure: no threads, no clock, no input or output but its methods and {@link Output}. Used by one
 * thread at a time.
 *
 * @param <J> who joins
 */
final class Order<J> {
  /** Publications that a read asks for. */
  static final int PAGE = 1024;

  /** What the order does to the world. */
  interface Output<J> {
    /** The destination's next message, for every member. */
    void deliver(Publication publication);

    /** What the members with continuity have to be told. */
    void gap(Gap gap);

    /** Answers {@link Order#join}. */
    void admit(J joiner, CatchUp catchUp);

    /**
     * Asks for {@link io.drumline.backplane.Backplane#read}; answered by {@link Order#history} or
     * {@link Order#failed}, never within this call. At most one is open.
     *
     * @param fruitless how many reads before it, in a row, failed or explained nothing: a reason to
     *     wait
     */
    void read(long after, int count, boolean begin, int fruitless);

    /** A publication that the backplane's history does not have is not delivered. */
    void stale(Publication publication);
  }

  /** Why a read is asked for. */
  private enum Read {
    /** Where the order is, before anything was delivered. */
    LOCATE,
    /** What came behind the last message. */
    CHECK,
    /** All of an epoch that took the place of ours. */
    BEGINNING,
    /** Where the backplane's history parts from ours. */
    REWIND,
    /** What joiners need of the past; nobody else waits for it. */
    PAST
  }

  private final Output<J> output;
  private final RecentIds recent = new RecentIds();
  private final Joiners<J> joiners;
  private final Held held = new Held();

  /** Behind what was delivered last; null while nothing was ever published, as far as is known. */
  private @Nullable Cursor last;

  private boolean started;
  private boolean located;
  private boolean continuity;

  /** The read that is wanted, for everybody's sake; null if all is well. */
  private @Nullable Read wanted;

  private long rewindAfter;
  private @Nullable Read reading;
  private long readAfter;
  private int readCount;
  private int fruitless;

  /** Of {@link #held}, those that came before the read was asked for: its answer explains them. */
  private int heldBefore;

  /**
   * @param chunkBytes how much a joiner gets at once, beyond one message
   */
  Order(Output<J> output, long chunkBytes) {
    this.output = output;
    this.joiners = new Joiners<>(output, chunkBytes);
  }

  /** The backplane brings everything that is published from now on; nothing is read before. */
  void start() {
    started = true;
    wanted = Read.LOCATE;
    next();
  }

  /** Whether it is known where the order is, so that members can be live. */
  boolean located() {
    return located;
  }

  /** Whether somebody has joined who must be told of gaps. */
  boolean continuity() {
    return continuity;
  }

  /** A publication from the backplane. */
  void received(Publication publication) {
    if (standsStill() || !fits(publication)) {
      if (!standsStill()) {
        wanted = Read.CHECK;
      }
      held.add(publication);
    }
    next();
  }

  /** Something may have been lost: compare with the backplane. */
  void doubt() {
    if (wanted == null) {
      wanted = Read.CHECK;
    }
    next();
  }

  /** Somebody joins; {@code started} if it was admitted to a part before. */
  void join(J joiner, Start start, boolean started) {
    continuity |= start.continuity();
    joiners.add(joiner, start, started);
    serve();
    next();
  }

  /** Gives back the memory that spares reads. */
  void forgetWindow() {
    joiners.forgetWindow();
  }

  long windowBytes() {
    return joiners.windowBytes();
  }

  /** The read failed: it is asked for again. */
  void failed() {
    Read failed = reading;
    reading = null;
    if (wanted == null && failed != Read.PAST) {
      wanted = failed;
    }
    fruitless++;
    next();
  }

  /** The answer of the read. */
  void history(History history) {
    Read answered = reading;
    reading = null;
    if (answered == Read.PAST) {
      fruitless = 0;
      if (contradicts(history)) {
        wanted = Read.CHECK;
      } else {
        learn(history.publications());
        joiners.past(history, readAfter, last);
      }
    } else if (answered != null) {
      reconcile(answered, history);
      if (wanted == null) {
        located = true;
        explainHeld();
      }
    }
    serve();
    joiners.forgetPage();
    next();
  }

  private void serve() {
    if (!standsStill() && joiners.serve(last)) {
      wanted = Read.CHECK;
    }
  }

  private boolean standsStill() {
    return !located || wanted != null || (reading != null && reading != Read.PAST);
  }

  /** Asks for what is wanted, if nothing is under way. */
  private void next() {
    if (reading != null || !started) {
      return;
    }
    if (wanted == null && joiners.waiting()) {
      if (last == null) {
        wanted = Read.CHECK; // it begins the first epoch
      } else {
        joiners.collect(last);
        read(Read.PAST, Math.max(0, joiners.needed(last)), PAGE);
      }
    }
    Read want = wanted;
    if (want != null) {
      wanted = null;
      heldBefore = held.size();
      switch (want) {
        case LOCATE -> {
          long needed = joiners.needed(null);
          read(want, Math.max(0, needed), needed < 0 ? 0 : PAGE);
        }
        case BEGINNING -> read(want, 0, PAGE);
        case REWIND -> read(want, rewindAfter, PAGE);
        default -> read(want, last == null ? 0 : last.offset(), PAGE);
      }
    }
  }

  private void read(Read read, long after, int count) {
    reading = read;
    readAfter = after;
    readCount = count;
    output.read(after, count, continuity || last != null || joiners.waiting(), fruitless);
  }

  /** Delivers the publication if it is the next, drops it if it is known; else returns false. */
  private boolean fits(Publication publication) {
    if (recent.abandoned(publication.id())) {
      output.stale(publication);
      return true;
    }
    boolean next =
        last == null
            ? publication.position().offset() == 1 && publication.previousId().isEmpty()
            : last.precedes(publication);
    if (next) {
      advance(publication);
      return true;
    }
    return last != null
        && publication.position().epoch().equals(last.epoch())
        && recent.knows(publication);
  }

  private void advance(Publication publication) {
    if (last == null) {
      place(Cursor.after(publication));
    } else {
      last = Cursor.after(publication);
      recent.add(last.offset(), last.id());
    }
    joiners.delivered(publication);
    output.deliver(publication);
  }

  /** Goes to a place that does not follow from the one before. */
  private void place(Cursor cursor) {
    last = cursor;
    recent.reset(cursor);
    joiners.moved();
  }

  /** Takes what was held, now that the backplane's history is known up to {@link #last}. */
  private void explainHeld() {
    boolean stale = false;
    int explained = heldBefore;
    for (Publication next; (next = held.first()) != null; held.removeFirst()) {
      if (!fits(next)) {
        if (explained <= 0) {
          wanted = Read.CHECK;
          break;
        }
        stale = true;
        output.stale(next);
      }
      explained--;
    }
    fruitless = stale ? fruitless + 1 : 0;
    if (held.endsOverflow()) {
      wanted = Read.CHECK;
    }
  }

  /** Those who catch up get these: should they be lost, a late copy must not come again. */
  private void learn(List<Publication> past) {
    for (int i = past.size() - 1; i >= 0; i--) {
      recent.addOlder(past.get(i).position().offset(), past.get(i).id());
    }
  }

  /** Whether what was read is not the history that leads to {@link #last}. */
  private boolean contradicts(History history) {
    Cursor there = history.last();
    if (there == null || !fitsRecent(there)) {
      return true;
    }
    for (Publication publication : history.publications()) {
      if (!fitsRecent(Cursor.after(publication)) || !fitsRecent(Cursor.before(publication))) {
        return true;
      }
    }
    return false;
  }

  /** False if the message at this offset is known to be another one. */
  private boolean fitsRecent(Cursor cursor) {
    return last != null
        && cursor.epoch().equals(last.epoch())
        && (cursor.offset() < recent.oldest()
            || cursor.offset() > last.offset()
            || recent.knows(cursor.offset(), cursor.id()));
  }

  /** Brings the order to where the backplane is, or wants another read. */
  private void reconcile(Read read, History history) {
    Cursor there = history.last();
    Cursor here = last;
    if (there == null) {
      last = null; // nothing was ever published
    } else if (read == Read.LOCATE) {
      place(there);
      learn(history.publications());
      if (readCount > 0) {
        joiners.located(history, readAfter, there);
      }
    } else if (here == null) {
      begin(history, there, Gap.Reason.TRIMMED);
    } else if (!there.epoch().equals(here.epoch())) {
      if (readAfter == 0 || there.offset() == 0) {
        begin(history, there, Gap.Reason.WIPED);
      } else {
        wanted = Read.BEGINNING;
      }
    } else if (read == Read.REWIND) {
      rejoin(history, there, here);
    } else if (read == Read.BEGINNING) {
      wanted = Read.CHECK; // our epoch is back
    } else {
      follow(history, there, here);
    }
  }

  /** Enters an epoch of which nothing was delivered yet. */
  private void begin(History history, Cursor there, Gap.Reason reason) {
    Cursor base = before(history, there);
    place(base);
    if (reason == Gap.Reason.WIPED) {
      output.gap(new Gap(base, reason, Gap.UNKNOWN));
    } else if (base.offset() > 0) {
      output.gap(new Gap(base, reason, base.offset()));
    }
    deliverAll(history, there);
  }

  /** Goes on behind {@code here}, if the backplane's history has it. */
  private void follow(History history, Cursor there, Cursor here) {
    if (there.equals(here)) {
      return;
    }
    Cursor base = before(history, there);
    boolean parted = there.offset() <= here.offset() || base.offset() < here.offset();
    if (parted || (base.offset() == here.offset() && !base.equals(here))) {
      wanted = Read.REWIND;
      rewindAfter = Math.max(0, recent.oldest() - 1);
      return;
    }
    if (base.offset() > here.offset()) {
      place(base);
      output.gap(new Gap(base, Gap.Reason.TRIMMED, base.offset() - here.offset()));
    }
    deliverAll(history, there);
  }

  /**
   * Goes back to the last message that the backplane's history and ours have in common; what it has
   * behind that was never delivered here.
   */
  private void rejoin(History history, Cursor there, Cursor here) {
    if (there.equals(here)) {
      return;
    }
    Cursor common = before(history, there);
    long start = Math.max(0, recent.oldest() - 1);
    if (readAfter > start && !recent.knows(common.offset(), common.id())) {
      wanted = Read.REWIND; // it changed since the page before
      rewindAfter = start;
      return;
    }
    for (Publication publication : history.publications()) {
      if (recent.knows(publication)) {
        common = Cursor.after(publication);
      }
    }
    if (common.equals(here)) {
      wanted = Read.CHECK; // it is back
    } else if (isEnd(history, common) && common.offset() < there.offset()) {
      wanted = Read.REWIND; // they part behind this page
      rewindAfter = common.offset();
    } else {
      boolean known = recent.knows(common.offset(), common.id());
      recent.abandonAfter(known ? common.offset() : 0);
      if (known) {
        last = common;
        joiners.moved();
      } else {
        place(common);
      }
      output.gap(new Gap(common, Gap.Reason.DIVERGED, Gap.UNKNOWN));
      deliverAll(history, there);
    }
  }

  private void deliverAll(History history, Cursor there) {
    for (Publication publication : history.publications()) {
      if (last != null && last.precedes(publication)) {
        advance(publication);
      }
    }
    if (!there.equals(last)) {
      wanted = Read.CHECK; // the page was full
    }
  }

  private static boolean isEnd(History history, Cursor cursor) {
    List<Publication> page = history.publications();
    return !page.isEmpty() && Cursor.after(page.get(page.size() - 1)).equals(cursor);
  }

  /** The point before the page; before nothing, where there is none. */
  private static Cursor before(History history, Cursor there) {
    return history.publications().isEmpty() ? there : Cursor.before(history.publications().get(0));
  }
}

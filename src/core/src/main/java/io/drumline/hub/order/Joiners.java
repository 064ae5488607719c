package io.drumline.hub.order;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions that want to join a destination's {@link Order}, and the history in memory to
 * serve them. If that is not enough, one read serves all of them.
 */
final class Joiners<J> {
  /** Whether the order was compared with the backplane since a joiner came. */
  private enum Compared {
    NOT_YET,
    SINCE
  }

  /** The minimum number of joiners before cancelled ones are removed. */
  private static final int FEW = 64;

  private record Waiting<J>(J joiner, Start start, CatchUpStep step, Compared compared) {

    /** The offset after which it needs history of this order; -1 if it needs none. */
    long needs(Cursor last) {
      Cursor after = start.after();
      if (after == null) {
        return start.replay() == 0 ? -1 : Math.max(0, last.offset() - start.replay());
      }
      if (!after.epoch().equals(last.epoch())) {
        return last.offset() == 0 ? -1 : 0;
      }
      return after.offset() >= last.offset() ? -1 : after.offset();
    }
  }

  private final OrderOutput<J> output;
  private final long chunkBytes;
  private final long windowBytes;
  private List<Waiting<J>> waiting = new ArrayList<>(0);

  /** The number of joiners at which cancelled ones are removed: rare enough to be cheap. */
  private int pruneAt = FEW;

  /** Recently delivered messages, up to the last one; null while nothing needs them. */
  private @Nullable Window window;

  /** The order's position when a read of history was requested; null once it has moved. */
  private @Nullable Cursor base;

  /** Messages delivered since then. */
  private Window collected;

  /** The complete result of the last read of history; never empty. */
  private @Nullable Window page;

  /** Joiners admitted so far. */
  private long admitted;

  Joiners(OrderOutput<J> output, long chunkBytes, long windowBytes) {
    this.output = output;
    this.chunkBytes = chunkBytes;
    this.windowBytes = windowBytes;
    this.collected = Window.recent(0, windowBytes);
  }

  void add(J joiner, Start start, CatchUpStep step) {
    add(new Waiting<>(joiner, start, step, Compared.NOT_YET));
  }

  private void add(Waiting<J> joiner) {
    if (waiting.size() >= pruneAt) {
      prune();
    }
    waiting.add(joiner);
  }

  /** Removes joiners that no longer wait for an answer. */
  void prune() {
    waiting.removeIf(each -> output.isGone(each.joiner));
    pruneAt = Math.max(FEW, 2 * waiting.size());
  }

  boolean waiting() {
    return !waiting.isEmpty();
  }

  /** The number of joiners admitted so far, to a part or to all. */
  long admitted() {
    return admitted;
  }

  /**
   * The offset after which the joiners need history; -1 if they need none.
   *
   * @param last the order's position; null if unknown
   */
  long needed(@Nullable Cursor last) {
    long least = -1;
    for (Waiting<J> each : waiting) {
      Cursor after = each.start.after();
      long needs = last != null ? each.needs(last) : after == null ? -1 : after.offset();
      if (needs >= 0 && (least < 0 || needs < least)) {
        least = needs;
      }
    }
    return least;
  }

  /** The order's next message. */
  void delivered(Publication publication) {
    if (window != null) {
      window.add(publication);
    }
    if (base != null) {
      collected.add(publication);
    }
  }

  /** The order has jumped to a position that the history in memory does not lead to. */
  void moved() {
    forgetPast();
    base = null;
  }

  /** A read of history is requested now. */
  void collect(Cursor last) {
    base = last;
    collected = Window.recent(last.offset(), windowBytes);
  }

  /** The order's first read returned the messages after this offset. */
  void located(History history, long after, Cursor last) {
    take(Window.page(after, history.publications()), last);
  }

  /** A read of history has returned this. */
  void past(History history, long after, @Nullable Cursor last) {
    Cursor begun = base;
    base = null;
    if (begun == null || last == null) {
      return; // the order has moved meanwhile: joiners ask again
    }
    List<Publication> before = new ArrayList<>();
    for (Publication publication : history.publications()) {
      if (publication.position().offset() <= begun.offset()) {
        before.add(publication);
      }
    }
    Window past = Window.page(after, before);
    boolean whole = past.addAll(collected, begun.offset());
    if (whole || !before.isEmpty()) {
      take(past, last);
    } // more was delivered meanwhile than is kept: joiners ask again
  }

  private void take(Window past, Cursor last) {
    page = past.isEmpty() ? null : past;
    if (past.reaches(last)) {
      window = past.end(windowBytes);
      if (window.coversAll(past)) {
        page = null;
      }
    }
  }

  /** Drops the history in memory, which only saves reads. */
  void forgetPast() {
    window = null;
    page = null;
  }

  long pastBytes() {
    return (window == null ? 0 : window.bytes()) + (page == null ? 0 : page.bytes());
  }

  /**
   * Admits the joiners that the history in memory suffices for.
   *
   * @return whether the order must be compared with the backplane first, because a joiner that does
   *     not fit may know more than this node
   */
  boolean serve(@Nullable Cursor last) {
    if (last == null || waiting.isEmpty()) {
      return false;
    }
    boolean doubtful = false;
    List<Waiting<J>> left = new ArrayList<>(0);
    for (Waiting<J> each : waiting) {
      Waiting<J> still = admitIfPossible(each, last);
      if (still != null) {
        left.add(still);
        doubtful |= isDoubtful(each, still);
      }
    }
    waiting = left;
    return doubtful;
  }

  /** The same for a new joiner; earlier ones wait for a read in any case. */
  boolean serve(J joiner, Start start, CatchUpStep step, @Nullable Cursor last) {
    Waiting<J> comes = new Waiting<>(joiner, start, step, Compared.NOT_YET);
    Waiting<J> still = last == null ? comes : admitIfPossible(comes, last);
    if (still == null) {
      return false;
    }
    add(still);
    return isDoubtful(comes, still);
  }

  /** Returns null if it was admitted, else its new waiting state. */
  private @Nullable Waiting<J> admitIfPossible(Waiting<J> each, Cursor last) {
    CatchUp catchUp = catchUp(each, last);
    if (catchUp == null) {
      return each;
    }
    if (blames(catchUp.gap()) && each.compared == Compared.NOT_YET) {
      return new Waiting<>(each.joiner, each.start, each.step, Compared.SINCE);
    }
    admit(each, catchUp);
    return null;
  }

  private static boolean isDoubtful(Waiting<?> before, Waiting<?> after) {
    return before.compared != after.compared;
  }

  /**
   * The requested history cannot be determined although the backplane answers: joiners continue
   * after the last message, with a gap notice.
   */
  void skipPast(Cursor last) {
    List<Waiting<J>> all = waiting;
    waiting = new ArrayList<>(0);
    for (Waiting<J> each : all) {
      Gap gap = new Gap(last, Gap.Reason.DIVERGED, Gap.UNKNOWN);
      boolean misses = each.start.after() != null && gap(each, last, last) != null;
      admit(each, new CatchUp(misses ? gap : null, List.of(), last, true));
    }
  }

  private void admit(Waiting<J> each, CatchUp catchUp) {
    admitted++;
    output.admit(each.joiner, catchUp);
  }

  private static boolean blames(@Nullable Gap gap) {
    return gap != null && (gap.reason() == Gap.Reason.WIPED || gap.reason() == Gap.Reason.DIVERGED);
  }

  private @Nullable CatchUp catchUp(Waiting<J> joiner, Cursor last) {
    long from = joiner.needs(last);
    if (from < 0) {
      return new CatchUp(gap(joiner, last, last), List.of(), last, true);
    }
    Window source = window != null && window.covers(from) ? window : page;
    if (source == null || !source.covers(from)) {
      return null;
    }
    List<Publication> publications = source.after(from, chunkBytes);
    if (publications.isEmpty()) {
      return source == window
          ? new CatchUp(gap(joiner, last, last), publications, last, true)
          : null;
    }
    Cursor end = Cursor.after(publications.get(publications.size() - 1));
    Cursor base = Cursor.before(publications.get(0));
    return new CatchUp(gap(joiner, base, last), publications, end, end.equals(last));
  }

  /** The gap of a joiner that continues after {@code base}, or null. */
  private static @Nullable Gap gap(Waiting<?> joiner, Cursor base, Cursor last) {
    Cursor after = joiner.start.after();
    if (after == null || after.equals(base)) {
      return null;
    }
    if (!after.epoch().equals(last.epoch())) {
      return new Gap(base, Gap.Reason.WIPED, Gap.UNKNOWN);
    }
    if (after.offset() >= base.offset()) {
      return new Gap(base, Gap.Reason.DIVERGED, Gap.UNKNOWN);
    }
    return new Gap(
        base,
        joiner.step == CatchUpStep.NEXT ? Gap.Reason.OVERFLOW : Gap.Reason.TRIMMED,
        base.offset() - after.offset());
  }
}

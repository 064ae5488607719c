package io.drumline.hub.order;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Those who want to join a destination's {@link Order}, and what is at hand of its past to bring
 * them there. What it has is enough or a read is needed; one read serves all who wait.
 */
final class Joiners<J> {
  /** Whether the order was compared with the backplane since a joiner came. */
  private enum Compared {
    NOT_YET,
    SINCE
  }

  /** So many may wait before it is looked whether some have gone. */
  private static final int FEW = 64;

  private record Waiting<J>(J joiner, Start start, CatchUpStep step, Compared compared) {

    /** The offset behind which it needs the past of this order; -1 if it needs none. */
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

  /** When so many wait, those that have gone are looked for: seldom enough to cost little. */
  private int pruneAt = FEW;

  /** What was delivered lately, up to the last message; null while nobody needs it. */
  private @Nullable Window window;

  /** Where the order was when a read of the past was asked for; null once it has moved. */
  private @Nullable Cursor base;

  /** What was delivered since then. */
  private Window collected;

  /** What the last read of the past brought, whole; never empty. */
  private @Nullable Window page;

  /** How many were admitted so far. */
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

  /** Forgets those whose answer nobody waits for any more. */
  void prune() {
    waiting.removeIf(each -> output.isGone(each.joiner));
    pruneAt = Math.max(FEW, 2 * waiting.size());
  }

  boolean waiting() {
    return !waiting.isEmpty();
  }

  /** How many were admitted so far, to a part or to all. */
  long admitted() {
    return admitted;
  }

  /**
   * The offset behind which those who wait need the past; -1 if nobody needs any.
   *
   * @param last where the order is; null if that is not known
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

  /** The order has left the line that the past at hand leads to. */
  void moved() {
    forgetPast();
    base = null;
  }

  /** A read of the past is asked for now. */
  void collect(Cursor last) {
    base = last;
    collected = Window.recent(last.offset(), windowBytes);
  }

  /** The order's first read has brought what is behind this offset. */
  void located(History history, long after, Cursor last) {
    take(Window.page(after, history.publications()), last);
  }

  /** A read of the past has brought this. */
  void past(History history, long after, @Nullable Cursor last) {
    Cursor begun = base;
    base = null;
    if (begun == null || last == null) {
      return; // the order moved meanwhile: who waits asks again
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
    } // else more came meanwhile than is kept, and they ask again
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

  /** Gives back the memory that spares reads. */
  void forgetPast() {
    window = null;
    page = null;
  }

  long pastBytes() {
    return (window == null ? 0 : window.bytes()) + (page == null ? 0 : page.bytes());
  }

  /**
   * Admits those for whom enough is at hand.
   *
   * @return whether the order must be compared with the backplane first: a joiner that does not fit
   *     may know more than this node
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

  /** The same for one that comes now; those before it wait for a read in any case. */
  boolean serve(J joiner, Start start, CatchUpStep step, @Nullable Cursor last) {
    Waiting<J> comes = new Waiting<>(joiner, start, step, Compared.NOT_YET);
    Waiting<J> still = last == null ? comes : admitIfPossible(comes, last);
    if (still == null) {
      return false;
    }
    add(still);
    return isDoubtful(comes, still);
  }

  /** Returns null if it was admitted, else how it waits. */
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
   * The past that they ask for cannot be made out, though the backplane answers: they go on behind
   * the last message, and are told.
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

  /** What a joiner misses that goes on behind {@code base}, or null. */
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

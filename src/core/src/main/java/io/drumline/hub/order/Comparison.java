package io.drumline.hub.order;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compares what was delivered of a destination with a page of the backplane's history. Changes
 * nothing: the {@link Order} acts on the finding.
 */
final class Comparison {

  /** The result of a comparison. */
  sealed interface Finding {
    /** The backplane has the same last message. */
    record Level() implements Finding {}

    /**
     * The page continues after this position, which is ours unless there is a gap or a new epoch.
     */
    record GoesOn(Cursor base, @Nullable Gap gap) implements Finding {}

    /** The backplane has lost messages delivered after this position; the page has others. */
    record Parted(Cursor common, Gap gap) implements Finding {}

    /**
     * Another read is needed.
     *
     * @param after the offset after which a {@link OrderRead#REWIND} reads
     */
    record Unclear(OrderRead read, long after) implements Finding {}
  }

  private final Chain delivered;
  private final Cursor here;
  private final Cursor there;
  private final List<Publication> page;
  private final long after;

  private Comparison(Chain delivered, Cursor here, Cursor there, History history, long after) {
    this.delivered = delivered;
    this.here = here;
    this.there = there;
    this.page = history.publications();
    this.after = after;
  }

  /**
   * Compares what was delivered with the answer of a read.
   *
   * @param there the position after the last message of the answer's epoch
   * @param after the offset after which the read was requested
   */
  static Finding of(Chain delivered, Cursor there, History history, OrderRead read, long after) {
    Cursor here = delivered.end();
    if (here == null) {
      return trimmed(base(history.publications(), there), 0);
    }
    Comparison comparison = new Comparison(delivered, here, there, history, after);
    if (!there.epoch().equals(here.epoch())) {
      return comparison.otherEpoch();
    }
    return switch (read) {
      case REWIND -> comparison.parting();
      case BEGINNING -> again(OrderRead.CHECK, 0); // our epoch is back
      default -> comparison.continuation();
    };
  }

  private Finding otherEpoch() {
    if (after > 0 && there.offset() > 0) {
      return again(OrderRead.BEGINNING, 0);
    }
    Cursor base = base(page, there);
    return new Finding.GoesOn(base, new Gap(base, Gap.Reason.WIPED, Gap.UNKNOWN));
  }

  /** The messages after our position, if the backplane's history contains it. */
  private Finding continuation() {
    if (there.equals(here)) {
      return new Finding.Level();
    }
    Cursor base = base(page, there);
    boolean parted = there.offset() <= here.offset() || base.offset() < here.offset();
    if (parted || (base.offset() == here.offset() && !base.equals(here))) {
      return again(OrderRead.REWIND, delivered.knownAfter());
    }
    return trimmed(base, here.offset());
  }

  /** The messages after the last one that the backplane's history and ours share. */
  private Finding parting() {
    if (there.equals(here)) {
      return new Finding.Level();
    }
    Cursor common = base(page, there);
    long start = delivered.knownAfter();
    if (after > start && !delivered.has(common)) {
      return again(OrderRead.REWIND, start); // it has changed since the previous page
    }
    for (Publication publication : page) {
      if (delivered.has(publication)) {
        common = Cursor.after(publication);
      }
    }
    if (common.equals(here)) {
      return again(OrderRead.CHECK, 0); // the lost messages are back
    }
    if (isEnd(common) && common.offset() < there.offset()) {
      return again(OrderRead.REWIND, common.offset()); // they diverge after this page
    }
    return new Finding.Parted(common, new Gap(common, Gap.Reason.DIVERGED, Gap.UNKNOWN));
  }

  private boolean isEnd(Cursor cursor) {
    return !page.isEmpty() && Cursor.after(page.get(page.size() - 1)).equals(cursor);
  }

  /** Continues at this position; any offsets after the last delivered one were trimmed. */
  private static Finding trimmed(Cursor base, long delivered) {
    long missed = base.offset() - delivered;
    return new Finding.GoesOn(base, missed == 0 ? null : new Gap(base, Gap.Reason.TRIMMED, missed));
  }

  private static Finding again(OrderRead read, long after) {
    return new Finding.Unclear(read, after);
  }

  /** The position before the page; if the page is empty, the end of the epoch. */
  private static Cursor base(List<Publication> page, Cursor there) {
    return page.isEmpty() ? there : Cursor.before(page.get(0));
  }
}

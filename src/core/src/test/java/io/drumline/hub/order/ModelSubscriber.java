package io.drumline.hub.order;

import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A client that checks what it is given, through all of its subscriptions. */
final class ModelSubscriber {
  private final ModelLog log;
  private final Set<String> seen = new HashSet<>();
  final boolean continuity;

  /** What it would resume after. */
  @Nullable Cursor cursor;

  /** Whether it is subscribed, or waits to be. */
  boolean here;

  boolean member;

  /** The one that it waits for the answer of. */
  int question;

  /** Where its present membership began. */
  private long memberSince;

  ModelSubscriber(ModelLog log, boolean continuity) {
    this.log = log;
    this.continuity = continuity;
  }

  void joined(@Nullable Cursor at) {
    member = true;
    memberSince = at == null ? 0 : at.offset();
  }

  void message(Publication publication) {
    check(seen.add(publication.id()), "doubled", publication);
    if (continuity && cursor != null) {
      check(cursor.precedes(publication), "does not follow " + cursor, publication);
    }
    cursor = Cursor.after(publication);
  }

  void gap(Gap gap) {
    if (!continuity) {
      return;
    }
    Cursor before = cursor;
    check(before != null, "has nothing before it", gap);
    if (before == null) {
      return;
    }
    Cursor base = gap.cursor();
    switch (gap.reason()) {
      case WIPED -> check(!before.epoch().equals(base.epoch()), "is the same epoch", gap);
      case DIVERGED -> {
        check(log.isLost(before.id()), "is no divergence from " + before, gap);
        if (member) {
          checkNothingSkipped(base, gap);
        }
      }
      case TRIMMED, OVERFLOW -> {
        check(before.epoch().equals(base.epoch()), "is another epoch", gap);
        check(base.offset() - before.offset() == gap.missed(), "miscounts from " + before, gap);
        check(
            log.isGone(base.epoch(), before.offset(), base.offset()),
            "skips what is kept, from " + before,
            gap);
      }
      case UNAVAILABLE -> throw new AssertionError("the order does not say " + gap);
    }
    cursor = base;
  }

  /** What the new branch has up to the gap's point was seen. */
  private void checkNothingSkipped(Cursor base, Gap gap) {
    for (Publication publication : log.keptAtRead()) {
      long offset = publication.position().offset();
      if (publication.position().epoch().equals(base.epoch())
          && offset > memberSince
          && offset <= base.offset()) {
        check(seen.contains(publication.id()), "skips " + publication.id(), gap);
      }
    }
  }

  /** When all is quiet, it is where the log is. */
  void checkEnd() {
    if (continuity) {
      check(
          log.last() != null && log.last().equals(cursor),
          "is not the end",
          String.valueOf(cursor));
    }
  }

  private static void check(boolean holds, String what, Object of) {
    if (!holds) {
      throw new AssertionError(of + " " + what);
    }
  }
}

package io.drumline.continuity;

import io.drumline.continuity.Event.Notice;
import io.drumline.continuity.Evidence.Log;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts what the judges find. */
final class Tally {
  /** How many findings are told in words. */
  private static final int TOLD = 20;

  private final Map<Fault, Long> faults = new EnumMap<>(Fault.class);
  private final Map<String, Long> notices = new TreeMap<>();
  private final List<String> findings = new ArrayList<>();
  private long delivered;
  private long flagged;
  private long abandoned;

  void found(Fault fault, int count, Log log, String what) {
    faults.merge(fault, (long) count, Long::sum);
    if (findings.size() < TOLD) {
      findings.add(fault + " for " + log.subscriber() + " at " + log.destination() + ": " + what);
    }
  }

  void notice(Notice notice) {
    notices.merge(notice.reason(), 1L, Long::sum);
  }

  /** A message arrived as it was sent. */
  void delivered() {
    delivered++;
  }

  /** A message is missing where a gap notice says so. */
  void flagged() {
    flagged++;
  }

  /** A message is missing that the backplane lost before this subscription could hear of it. */
  void abandoned() {
    abandoned++;
  }

  Verdict verdict(long accepted, ResumeTimes resumes) {
    return new Verdict(
        accepted,
        delivered,
        faults,
        new Verdict.Gaps(notices, flagged, abandoned),
        resumes,
        findings);
  }
}

package io.drumline.continuity;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * All that is known of a run once it is over.
 *
 * @param lanes who published what, by destination
 * @param logs what each subscription saw
 */
record Evidence(Map<String, List<Lane>> lanes, List<Log> logs) {

  /**
   * One publisher's messages to one destination. It sends the next one only when the one before is
   * accepted, so that nothing but the last may have an unknown fate.
   *
   * @param sent how many were sent, at least once
   * @param accepted the last one that had its RECEIPT; all before had theirs, but for {@code
   *     unknown}
   * @param retried those that were sent more than once
   * @param unknown those that had no RECEIPT and were not sent again: they may be there or not, and
   *     may be stored behind later ones
   */
  record Lane(String publisher, long sent, long accepted, Set<Long> retried, Set<Long> unknown) {
    Lane(String publisher, long sent, long accepted, Set<Long> retried) {
      this(publisher, sent, accepted, retried, Set.of());
    }

    boolean isAccepted(long sequence) {
      return sequence <= accepted && !unknown.contains(sequence);
    }

    /** How many had their RECEIPT. */
    long acceptedCount() {
      return accepted - unknown.stream().filter(sequence -> sequence < accepted).count();
    }
  }

  /** Until when a subscription is judged. */
  enum Until {
    /** It stayed: all that was accepted is due. */
    THE_QUIET_END,
    /** It left: all is due up to the last message that it saw. */
    IT_LEFT
  }

  /**
   * One subscription.
   *
   * @param before how many messages each publisher had begun to send when the first RECEIPT came:
   *     all later ones are due
   * @param events in the order in which they came
   */
  record Log(
      String subscriber,
      String destination,
      Map<String, Long> before,
      List<Event> events,
      Until until) {

    /** The gap notices, in order. */
    List<Event.Notice> notices() {
      return of(Event.Notice.class).toList();
    }

    /** The events of one kind, in order. */
    <T extends Event> Stream<T> of(Class<T> kind) {
      return events.stream().filter(kind::isInstance).map(kind::cast);
    }
  }

  /** How many messages had their RECEIPT. */
  long accepted() {
    return lanes.values().stream().flatMap(List::stream).mapToLong(Lane::acceptedCount).sum();
  }
}

package io.drumline.hub;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * Schedules the checks of one owner's destinations, the earliest due first. None is skipped: if
 * there are too many to check in time, all are late to the same degree. Used on the owner's event
 * loop.
 *
 * <p>Times are in ticks of the owner.
 */
final class IdleChecks {

  /** A destination that can be checked. */
  interface Checked {
    /** Whether it is no longer to be checked. */
    boolean isGone();

    /** Whether a check is useful now. */
    boolean isWorthIt();

    /** The tick of its last message. */
    long heardAt();

    /** Starts the check; {@link IdleChecks#checked} must follow. */
    void check();
  }

  private record Due(Checked destination, long tick) {}

  private final PriorityQueue<Due> queue = new PriorityQueue<>(Comparator.comparingLong(Due::tick));
  private final SplittableRandom random = new SplittableRandom();
  private final long period;
  private final int most;
  private final BooleanSupplier room;
  private int underWay;

  /**
   * @param period ticks without a message after which a destination is checked
   * @param most maximum number of concurrent checks
   * @param room whether a check can read at once: while it waits, its destination delivers nothing
   */
  IdleChecks(long period, int most, BooleanSupplier room) {
    this.period = period;
    this.most = most;
    this.room = room;
  }

  /** Adds a destination. Its first check is earlier by a random time, to spread the checks. */
  void add(Checked destination, long now) {
    queue.add(new Due(destination, now + period - random.nextLong(Math.max(1, period / 2))));
  }

  /** Starts the checks that are due, as far as there is room. */
  void run(long now) {
    while (underWay < most && room.getAsBoolean()) {
      Due due = queue.peek();
      if (due == null || due.tick > now) {
        return;
      }
      queue.remove();
      Checked destination = due.destination;
      if (destination.isGone()) {
        continue;
      }
      if (destination.heardAt() + period > now) {
        queue.add(new Due(destination, destination.heardAt() + period));
      } else if (!destination.isWorthIt()) {
        queue.add(new Due(destination, now + period));
      } else {
        underWay++;
        destination.check();
      }
    }
  }

  /** A check has ended, by an answer or a failure. */
  void checked(Checked destination, long now) {
    underWay--;
    if (!destination.isGone()) {
      queue.add(new Due(destination, now + period));
    }
  }
}

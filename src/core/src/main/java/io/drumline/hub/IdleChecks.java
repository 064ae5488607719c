package io.drumline.hub;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * When the destinations of one owner are looked after, the one that is due first in front: none is
 * passed over, however many there are. If they are more than can be checked in time, all are
 * checked evenly late. Used on the owner's event loop.
 *
 * <p>Times are counted in ticks of the owner.
 */
final class IdleChecks {

  /** A destination that may be checked. */
  interface Checked {
    /** Whether it is left out for good. */
    boolean isGone();

    /** Whether it would be of use to check it now. */
    boolean isWorthIt();

    /** The tick in which something was last heard of it. */
    long heardAt();

    /** Begins the check; {@link IdleChecks#checked} must follow. */
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
   * @param most checks under way at once
   * @param room whether a check could read at once: while it waited, its destination would stand
   *     still
   */
  IdleChecks(long period, int most, BooleanSupplier room) {
    this.period = period;
    this.most = most;
    this.room = room;
  }

  /** A destination has come. Its first check is earlier by chance, so that they spread. */
  void add(Checked destination, long now) {
    queue.add(new Due(destination, now + period - random.nextLong(Math.max(1, period / 2))));
  }

  /** Begins the checks that are due, as far as there is room for them. */
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

  /** A check that was begun has ended, by an answer or a failure. */
  void checked(Checked destination, long now) {
    underWay--;
    if (!destination.isGone()) {
      queue.add(new Due(destination, now + period));
    }
  }
}

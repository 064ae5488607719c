package io.drumline.redis.publish;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * What a publisher has sent and has no answer for: by its deadlines, and by number, for publishers
 * that must not overtake it.
 *
 * <p>Used on the owner's thread, except {@link #settle}.
 */
final class InFlight {
  /** In the order sent first; those that are done leave when they are at the head. */
  private final ArrayDeque<PendingPublication> sent = new ArrayDeque<>();

  /** How many were sent, and of these how many Redis has answered or lost. */
  private final AtomicLong dispatched = new AtomicLong();

  private final AtomicLong settled = new AtomicLong();

  /** What others have sent of keys that they had before. */
  private final Predecessors predecessors = new Predecessors();

  /** Watches the deadline of one that is sent for the first time, here or by another publisher. */
  void watch(PendingPublication publication) {
    sent.add(publication);
  }

  void dispatched(int count) {
    dispatched.addAndGet(count);
  }

  /**
   * One was answered, or its connection lost; any thread.
   *
   * @return whether that was the last one
   */
  boolean settle() {
    return settled.incrementAndGet() == dispatched.get();
  }

  boolean isSettled() {
    return settled.get() == dispatched.get();
  }

  /**
   * Whether what others have sent before is settled, or has taken too long; what came back from it
   * is handed over by then.
   */
  boolean isFree() {
    return predecessors.settled();
  }

  /**
   * Not free before what another publisher has sent until now is settled, and what it follows
   * itself.
   *
   * @param handOver has the other publisher hand over what came back
   */
  void follow(InFlight other, Duration patience, Runnable handOver) {
    predecessors.addAll(other.predecessors);
    predecessors.add(other.dispatched.get(), other.settled, patience, handOver);
  }

  void forgetAnswered() {
    for (PendingPublication next; (next = sent.peek()) != null && next.result.isDone(); ) {
      sent.poll();
    }
  }

  /** Takes out what began longer ago than the time-out. */
  void expire(long timeoutNanos, long now, Consumer<PendingPublication> late) {
    forgetAnswered();
    for (PendingPublication next;
        (next = sent.peek()) != null
            && (next.result.isDone() || next.olderThan(timeoutNanos, now)); ) {
      sent.poll();
      late.accept(next);
    }
  }
}

package io.drumline.redis.publish;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Publications that a publisher has sent and has no answer for: by deadline, and by number for
 * other publishers that must not overtake them.
 *
 * <p>Used on the owner's thread, except {@link #settle}.
 */
final class InFlight {
  /** In the order first sent; completed ones are removed when they reach the head. */
  private final ArrayDeque<PendingPublication> sent = new ArrayDeque<>();

  /** The number sent, and of these the number that Redis has answered or lost. */
  private final AtomicLong dispatched = new AtomicLong();

  private final AtomicLong settled = new AtomicLong();

  /** Publications of other publishers for keys that those had before. */
  private final Predecessors predecessors = new Predecessors();

  /**
   * Watches the deadline of a publication sent for the first time, here or by another publisher.
   */
  void watch(PendingPublication publication) {
    sent.add(publication);
  }

  void dispatched(int count) {
    dispatched.addAndGet(count);
  }

  /**
   * One was answered, or its connection was lost; any thread.
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
   * Whether earlier publications of other publishers are settled or timed out; those to be resent
   * have been handed over by then.
   */
  boolean isFree() {
    return predecessors.settled();
  }

  /**
   * Waits until everything that another publisher has sent so far is settled, including what that
   * one waits for itself.
   *
   * @param handOver makes the other publisher hand over publications to be resent
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

  /** Removes publications older than the timeout. */
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

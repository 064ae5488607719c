package io.drumline.hub;

import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.hub.outbound.OutboundQueues;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Closes slow consumers while the node's outbound queues are over their limit. In each round, every
 * event loop hurries its closing connections and reports the age of its oldest queued buffer on an
 * open one; then the loop with the oldest buffer closes connections, down to the age of the next
 * loop's oldest. Any thread.
 */
final class OutboundPayments {
  private final OutboundBudget budget;
  private final List<Payer> payers = new CopyOnWriteArrayList<>();
  private volatile Round round = new Round(0);

  /** The slow consumers of one event loop, and whether its answer is pending. */
  private static final class Payer {
    private final SlowConsumers slow;
    private final AtomicBoolean asked = new AtomicBoolean();

    Payer(SlowConsumers slow) {
      this.slow = slow;
    }

    void execute(Runnable task) {
      slow.loop.eventLoop.execute(task);
    }
  }

  OutboundPayments(OutboundBudget budget) {
    this.budget = budget;
  }

  /** Adds an event loop, before it has connections. */
  void add(SlowConsumers slow) {
    payers.add(new Payer(slow));
  }

  OutboundBudget budget() {
    return budget;
  }

  /** Starts a round if too much is queued and a round is due. */
  void payIfOver() {
    if (budget.over()) {
      pay(System.nanoTime());
    }
  }

  /**
   * Like {@link #payIfOver}.
   *
   * @param now {@link System#nanoTime}
   */
  void pay(long now) {
    if (budget.over() && budget.beginPaying(now)) {
      Round previous = round;
      if (previous.awaited.get() > 0) {
        previous.elect(); // goes on without an event loop that is too busy to answer
      }
      int count = payers.size();
      round = new Round(count);
      for (int i = 0; i < count; i++) {
        ask(i);
      }
    }
  }

  private void ask(int place) {
    Payer payer = payers.get(place);
    if (payer.asked.compareAndSet(false, true)) {
      try {
        payer.execute(() -> answer(place));
      } catch (Throwable e) {
        payer.asked.set(false);
        payer.slow.loop.failures.tell(e);
      }
    }
  }

  private void answer(int place) {
    Payer payer = payers.get(place);
    payer.asked.set(false);
    Round current = round;
    try {
      current.oldest.set(place, payer.slow.oldest());
    } catch (Throwable e) {
      payer.slow.loop.repairs.later(e);
    }
    if (current.awaited.decrementAndGet() == 0) {
      current.elect();
    }
  }

  private final class Round {
    /** By event loop; {@link OutboundQueues#NONE} until it has answered. */
    final AtomicLongArray oldest;

    final AtomicInteger awaited;

    Round(int payers) {
      oldest = new AtomicLongArray(payers);
      awaited = new AtomicInteger(payers);
      for (int i = 0; i < payers; i++) {
        oldest.set(i, OutboundQueues.NONE);
      }
    }

    void elect() {
      if (!budget.exceeded()) {
        return;
      }
      int elected = -1;
      long first = OutboundQueues.NONE;
      long second = OutboundQueues.NONE;
      for (int i = 0; i < oldest.length(); i++) {
        long since = oldest.get(i);
        if (since < first) {
          second = first;
          first = since;
          elected = i;
        } else {
          second = Math.min(second, since);
        }
      }
      if (elected >= 0) {
        int place = elected;
        long until = second;
        oldest.set(place, OutboundQueues.NONE); // only one payment at a time
        Payer payer = payers.get(place);
        try {
          payer.execute(() -> pay(place, until));
        } catch (Throwable e) {
          payer.slow.loop.failures.tell(e); // the next round tries again
        }
      }
    }

    private void pay(int place, long until) {
      SlowConsumers slow = payers.get(place).slow;
      try {
        oldest.set(place, slow.close(until));
      } catch (Throwable e) {
        slow.loop.repairs.later(e);
      }
      elect(); // the next loop, if that was not enough
    }
  }
}

package io.drumline.hub;

import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.hub.outbound.OutboundQueues;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Has slow consumers closed while the outbound queues of the node hold more than they may. In a
 * round each event loop hurries the connections that are closed already, and says for how long an
 * open one has waited at most; then the loop with the oldest closes connections, up to the next
 * loop's oldest. Any thread.
 */
final class OutboundPayments {
  private final OutboundBudget budget;
  private final List<Payer> payers = new CopyOnWriteArrayList<>();
  private volatile Round round = new Round(0);

  /** The slow consumers of one event loop, and whether it has yet to answer. */
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

  /** An event loop takes part from now on: before it has connections. */
  void add(SlowConsumers slow) {
    payers.add(new Payer(slow));
  }

  OutboundBudget budget() {
    return budget;
  }

  /** Begins a round if too much is queued and a round is due. */
  void payIfOver() {
    if (budget.over()) {
      pay(System.nanoTime());
    }
  }

  /**
   * The same.
   *
   * @param now {@link System#nanoTime}
   */
  void pay(long now) {
    if (budget.over() && budget.beginPaying(now)) {
      Round previous = round;
      if (previous.awaited.get() > 0) {
        previous.elect(); // an event loop is too busy to answer: without it
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
    /** Of each event loop; none before it has answered. */
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
        oldest.set(place, OutboundQueues.NONE); // it does not pay twice at a time
        Payer payer = payers.get(place);
        try {
          payer.execute(() -> pay(place, until));
        } catch (Throwable e) {
          payer.slow.loop.failures.tell(e); // the next round comes
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

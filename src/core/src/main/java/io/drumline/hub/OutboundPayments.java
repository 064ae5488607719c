package io.drumline.hub;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Has connections closed while the outbound queues of the node hold more than they may. In a round
 * each shard hurries those that are closed already, and says for how long an open one has waited at
 * most; then the shard with the oldest closes connections, up to the next shard's oldest. Any
 * thread.
 */
final class OutboundPayments {
  private final OutboundBudget budget;
  private final List<Shard> shards;
  private final AtomicBoolean[] asked;
  private volatile Round round = new Round(0);

  OutboundPayments(OutboundBudget budget, List<Shard> shards) {
    this.budget = budget;
    this.shards = shards;
    asked = new AtomicBoolean[shards.size()];
    for (int i = 0; i < asked.length; i++) {
      asked[i] = new AtomicBoolean();
    }
  }

  /**
   * Begins a round if that is due.
   *
   * @param now {@link System#nanoTime}
   */
  void pay(long now) {
    if (budget.over() && budget.beginPaying(now)) {
      Round previous = round;
      if (previous.awaited.get() > 0) {
        previous.elect(); // an event loop is too busy to answer: without it
      }
      round = new Round(shards.size());
      for (int i = 0; i < asked.length; i++) {
        ask(i);
      }
    }
  }

  private void ask(int shard) {
    if (asked[shard].compareAndSet(false, true)) {
      try {
        shards.get(shard).loop.execute(() -> answer(shard));
      } catch (Throwable e) {
        asked[shard].set(false);
        shards.get(shard).tell(e);
      }
    }
  }

  private void answer(int shard) {
    asked[shard].set(false);
    Round current = round;
    try {
      current.oldest.set(shard, shards.get(shard).oldestQueued());
    } catch (Throwable e) {
      shards.get(shard).repairLater(e);
    }
    if (current.awaited.decrementAndGet() == 0) {
      current.elect();
    }
  }

  private final class Round {
    /** Of each shard; none before it has answered. */
    final AtomicLongArray oldest;

    final AtomicInteger awaited;

    Round(int shards) {
      oldest = new AtomicLongArray(shards);
      awaited = new AtomicInteger(shards);
      for (int i = 0; i < shards; i++) {
        oldest.set(i, OutboundQueues.NONE);
      }
    }

    void elect() {
      if (!budget.exceeded()) {
        return;
      }
      int payer = -1;
      long first = OutboundQueues.NONE;
      long second = OutboundQueues.NONE;
      for (int i = 0; i < oldest.length(); i++) {
        long since = oldest.get(i);
        if (since < first) {
          second = first;
          first = since;
          payer = i;
        } else {
          second = Math.min(second, since);
        }
      }
      if (payer >= 0) {
        int elected = payer;
        long until = second;
        oldest.set(elected, OutboundQueues.NONE); // it does not pay twice at a time
        try {
          shards.get(elected).loop.execute(() -> pay(elected, until));
        } catch (Throwable e) {
          shards.get(elected).tell(e); // the next round comes
        }
      }
    }

    private void pay(int payer, long until) {
      try {
        oldest.set(payer, shards.get(payer).payOutbound(until));
      } catch (Throwable e) {
        shards.get(payer).repairLater(e);
      }
      elect(); // the next shard, if that was not enough
    }
  }
}

package io.drumline.hub;

import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.hub.outbound.OutboundQueues;
import io.drumline.loop.ThrottledLog;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Closes slow consumers of one event loop while the node is over its {@link OutboundBudget}: those
 * waiting for the oldest buffers first. Used on that loop.
 */
final class SlowConsumers {
  final ShardLoop loop;
  private final Connections connections;
  private final OutboundQueues queues;
  private final OutboundBudget budget;
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(SlowConsumers.class));

  private record Holder(Connection connection, long since, long bytes) {}

  SlowConsumers(ShardLoop loop, Connections connections) {
    this.loop = loop;
    this.connections = connections;
    this.queues = loop.queues;
    this.budget = loop.queues.budget();
  }

  /**
   * Hurries the connections that are closing, which frees their memory.
   *
   * @return if that is not enough, the {@link System#nanoTime} at which the oldest buffer that an
   *     open connection waits for was queued; else {@link OutboundQueues#NONE}
   */
  long oldest() {
    hurry();
    long oldest = OutboundQueues.NONE;
    if (budget.exceeded()) {
      Map<ByteBuf, Long> ages = queues.ages();
      for (int i = 0; i < connections.size(); i++) {
        Connection connection = connections.get(i);
        if (connection.open() && connection.queue().bytes() > 0) {
          oldest = Math.min(oldest, connection.queue().since(ages));
        }
      }
    }
    return oldest;
  }

  private void hurry() {
    for (int i = connections.size() - 1; i >= 0; i--) { // one may end, and the last take its place
      Connection connection = connections.get(i);
      if (!connection.open()) {
        connection.closing().endSoon(budget);
      }
    }
    queues.sweep();
  }

  /**
   * Closes the connections that wait for the oldest buffers, among equals the one with most bytes
   * first, until the budget is met.
   *
   * @param until does not close connections that wait only for buffers queued later
   * @return when the oldest remaining buffer was queued, or {@link OutboundQueues#NONE}
   */
  long close(long until) {
    hurry();
    long before = budget.used();
    int closed = 0;
    long left = OutboundQueues.NONE;
    if (budget.exceeded()) {
      for (Holder holder : holders()) {
        if (!budget.exceeded() || holder.since > until) {
          left = holder.since;
          break;
        }
        holder.connection.closing().closeForBudget(budget);
        closed++;
      }
      queues.sweep();
    }
    if (closed > 0) {
      budget.closes.add(closed);
      log.warn(
          "outbound budget",
          "The outbound queues of this node hold {} bytes, more than"
              + " drumline.hub.node-outbound-limit ({} bytes): closed {} slow consumers that held"
              + " the oldest messages; they resume",
          before,
          budget.limit(),
          closed);
    }
    return left;
  }

  /** The open connections with queued data, oldest first. */
  private List<Holder> holders() {
    Map<ByteBuf, Long> ages = queues.ages();
    List<Holder> holders = new ArrayList<>();
    for (int i = 0; i < connections.size(); i++) {
      Connection connection = connections.get(i);
      long bytes = connection.open() ? connection.queue().bytes() : 0;
      if (bytes > 0) {
        long since = connection.queue().since(ages);
        if (since != OutboundQueues.NONE) {
          holders.add(new Holder(connection, since, bytes));
        }
      }
    }
    holders.sort(
        Comparator.comparingLong(Holder::since)
            .thenComparing(Comparator.comparingLong(Holder::bytes).reversed()));
    return holders;
  }
}

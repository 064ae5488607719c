package io.drumline.hub;

import io.drumline.loop.ThrottledLog;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * What the connections of one shard hold in their outbound queues, as far as the node's {@link
 * OutboundBudget} is concerned. Used on the shard's event loop.
 *
 * <p>With TLS each connection's bytes are its own, since they are encrypted for it. All others wait
 * for the buffers that were written to them, which they share.
 */
final class OutboundQueues {
  /** Nobody waits for anything. */
  static final long NONE = Long.MAX_VALUE;

  private final OutboundBudget budget;
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(OutboundQueues.class));
  private final QueuedBuffers buffers = new QueuedBuffers();
  private long encrypted;
  private long published;

  /** Of what was about to come back: what has, once the buffers were looked at again. */
  private long ended;

  private record Holder(Connection connection, long since, long bytes) {}

  OutboundQueues(OutboundBudget budget) {
    this.budget = budget;
  }

  /** A buffer waits in queues; takes a reference over. */
  void queued(ByteBuf buffer, long now) {
    buffers.add(buffer, now);
  }

  /** The bytes that wait on connections with TLS have changed. */
  void encrypted(long change) {
    encrypted += change;
  }

  /** What connections hold that are closed has changed. */
  void closing(long change) {
    budget.closing(change);
  }

  /** A closed connection that held so much has ended. */
  void ended(long bytes) {
    ended += bytes;
  }

  /** The end of a flush: lets go what was sent, and tells the budget. */
  void flushed() {
    buffers.release();
    publish();
  }

  /** Lets all go that was sent in the meantime, and tells the budget. */
  void sweep() {
    buffers.sweep();
    publish();
    if (ended != 0) {
      budget.closing(-ended); // not before the buffers are known to be gone
      ended = 0;
    }
  }

  private void publish() {
    long bytes = buffers.bytes() + encrypted;
    if (bytes != published) {
      budget.add(bytes - published);
      published = bytes;
    }
  }

  /**
   * The node holds too much: what closed connections hold comes back soon.
   *
   * @return if that is not enough, when the oldest was queued that an open one waits for, by {@link
   *     System#nanoTime}; else {@link #NONE}
   */
  long oldest(List<Connection> connections) {
    hurry(connections);
    long oldest = NONE;
    if (budget.exceeded()) {
      IdentityHashMap<ByteBuf, Long> ages = buffers.ages();
      for (Connection connection : connections) {
        if (connection.open() && connection.queue().bytes() > 0) {
          oldest = Math.min(oldest, connection.queue().since(ages));
        }
      }
    }
    return oldest;
  }

  private void hurry(List<Connection> connections) {
    for (int i = connections.size() - 1; i >= 0; i--) { // one may end, and the last take its place
      Connection connection = connections.get(i);
      if (!connection.open()) {
        connection.closing().endSoon(budget);
      }
    }
    sweep();
  }

  /**
   * Closes those that wait for the oldest buffers, the one with most bytes first among equals,
   * until the budget is kept.
   *
   * @param until closes none that waits for something younger
   * @return when the oldest was queued that is still waited for
   */
  long pay(List<Connection> connections, long until) {
    hurry(connections);
    long before = budget.used();
    int closed = 0;
    long left = NONE;
    if (budget.exceeded()) {
      for (Holder holder : holders(connections)) {
        if (!budget.exceeded() || holder.since > until) {
          left = holder.since;
          break;
        }
        holder.connection.closing().closeForBudget(budget);
        closed++;
      }
      sweep();
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

  /** The open connections with something in their queue, those with the oldest first. */
  private List<Holder> holders(List<Connection> connections) {
    IdentityHashMap<ByteBuf, Long> ages = buffers.ages();
    List<Holder> holders = new ArrayList<>();
    for (Connection connection : connections) {
      long bytes = connection.open() ? connection.queue().bytes() : 0;
      if (bytes > 0) {
        long since = connection.queue().since(ages);
        if (since != NONE) {
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

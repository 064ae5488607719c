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
 * OutboundBudget} is concerned. Used on the shard's event loop, but for {@link #oldest}.
 *
 * <p>With TLS each connection's bytes are its own, since they are encrypted for it. All others wait
 * for the buffers that were written to them, which they share.
 */
final class OutboundQueues {
  /** No buffer waits. */
  static final long NONE = Long.MAX_VALUE;

  private final OutboundBudget budget;
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(OutboundQueues.class));
  private final QueuedBuffers buffers = new QueuedBuffers();
  private long encrypted;
  private long published;

  /** Nanoseconds since the oldest buffer was queued are {@code now - oldest}. */
  private volatile long oldest = NONE;

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

  /** The end of a flush: lets go what was sent, and tells the budget. */
  void flushed() {
    buffers.release();
    publish();
  }

  /** Lets all go that was sent in the meantime, and tells the budget. */
  void sweep() {
    buffers.sweep();
    publish();
  }

  private void publish() {
    long bytes = buffers.bytes() + encrypted;
    if (bytes != published) {
      budget.add(bytes - published);
      published = bytes;
    }
    long now = buffers.oldest(NONE);
    if (oldest != now) {
      oldest = now;
    }
  }

  /** {@link System#nanoTime} of the oldest buffer that waits; {@link #NONE} if none does. */
  long oldest() {
    return oldest;
  }

  /**
   * Closes those that hold the oldest buffers, the one with most bytes first among equals, until
   * the budget is kept.
   */
  void pay(List<Connection> connections) {
    sweep();
    int closed = 0;
    long before = budget.used();
    if (budget.exceeded()) {
      for (Holder holder : holders(connections)) {
        if (!budget.exceeded()) {
          break;
        }
        holder.connection.closeForBudget(holder.bytes, budget);
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
  }

  /** The open connections with something in their queue, those with the oldest first. */
  private List<Holder> holders(List<Connection> connections) {
    IdentityHashMap<ByteBuf, Long> ages = buffers.ages();
    List<Holder> holders = new ArrayList<>();
    for (Connection connection : connections) {
      long bytes = connection.open() ? connection.queuedBytes() : 0;
      if (bytes > 0) {
        holders.add(new Holder(connection, connection.queuedSince(ages), bytes));
      }
    }
    holders.sort(
        Comparator.comparingLong(Holder::since)
            .thenComparing(Comparator.comparingLong(Holder::bytes).reversed()));
    return holders;
  }
}

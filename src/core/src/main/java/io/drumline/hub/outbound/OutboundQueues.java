package io.drumline.hub.outbound;

import io.netty.buffer.ByteBuf;
import java.util.Map;

/**
 * What the connections of one shard hold in their outbound queues, as far as the node's {@link
 * OutboundBudget} is concerned. Used on the shard's event loop.
 *
 * <p>With TLS each connection's bytes are its own, since they are encrypted for it. All others wait
 * for the buffers that were written to them, which they share.
 */
public final class OutboundQueues {
  /** Nobody waits for anything. */
  public static final long NONE = Long.MAX_VALUE;

  private final OutboundBudget budget;
  private final QueuedBuffers buffers = new QueuedBuffers();
  private long encrypted;
  private long published;

  /** Of what was about to come back: what has, once the buffers were looked at again. */
  private long ended;

  public OutboundQueues(OutboundBudget budget) {
    this.budget = budget;
  }

  /** A buffer waits in queues; takes a reference over. */
  public void queued(ByteBuf buffer, long now) {
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
  public void flushed() {
    buffers.release();
    publish();
  }

  /** Lets all go that was sent in the meantime, and tells the budget. */
  public void sweep() {
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

  /** When each buffer was queued that waits, by {@link System#nanoTime}. */
  public Map<ByteBuf, Long> ages() {
    return buffers.ages();
  }

  public OutboundBudget budget() {
    return budget;
  }
}

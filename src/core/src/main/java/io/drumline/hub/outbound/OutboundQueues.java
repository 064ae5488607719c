package io.drumline.hub.outbound;

import io.netty.buffer.ByteBuf;
import java.util.Map;

/**
 * What the connections of one shard hold in their outbound queues, for the node's {@link
 * OutboundBudget}. Used on the shard's event loop.
 *
 * <p>With TLS, each connection's bytes are its own, since they are encrypted for it. Other
 * connections share the buffers written to them.
 */
public final class OutboundQueues {
  /** Nothing is queued. */
  public static final long NONE = Long.MAX_VALUE;

  private final OutboundBudget budget;
  private final QueuedBuffers buffers = new QueuedBuffers();
  private long encrypted;
  private long published;

  /** Closing bytes of connections that ended; reported after the next sweep of the buffers. */
  private long ended;

  public OutboundQueues(OutboundBudget budget) {
    this.budget = budget;
  }

  /** Adds a queued buffer; takes ownership of a reference. */
  public void queued(ByteBuf buffer, long now) {
    buffers.add(buffer, now);
  }

  /** The bytes queued on connections with TLS have changed. */
  void encrypted(long change) {
    encrypted += change;
  }

  /** The bytes held by closed connections have changed. */
  void closing(long change) {
    budget.closing(change);
  }

  /** A closed connection that held this many bytes has ended. */
  void ended(long bytes) {
    ended += bytes;
  }

  /** The end of a flush: releases the oldest buffers if sent, and updates the budget. */
  public void flushed() {
    buffers.release();
    publish();
  }

  /** Releases all buffers that were sent, and updates the budget. */
  public void sweep() {
    buffers.sweep();
    publish();
    if (ended != 0) {
      budget.closing(-ended); // not before the buffers are known to be released
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

  /** When each queued buffer was queued, by {@link System#nanoTime}. */
  public Map<ByteBuf, Long> ages() {
    return buffers.ages();
  }

  public OutboundBudget budget() {
    return budget;
  }
}

package io.drumline.hub.outbound;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import java.util.Map;

/**
 * One client's outbound queue, and how it counts for the node's {@link OutboundBudget}: the bytes
 * of a closed connection will be freed soon. Used on its event loop.
 */
public final class OutboundQueue {
  private final Channel channel;
  private final boolean tls;
  private final OutboundQueues all;

  /** With TLS: the queued bytes when last measured, and the time since which they only grow. */
  private long encrypted;

  private long encryptedSince;

  /** Bytes reported to the budget as closing. */
  private long closing;

  /**
   * @param tls whether queued data is encrypted, and so not shared with other clients
   * @param all the queues of the same event loop
   */
  public OutboundQueue(Channel channel, boolean tls, OutboundQueues all) {
    this.channel = channel;
    this.tls = tls;
    this.all = all;
  }

  public long bytes() {
    ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
    return queue == null ? 0 : queue.totalPendingWriteBytes();
  }

  /** Its size may have changed: measures encrypted bytes. */
  public void changed() {
    if (tls) {
      count(bytes());
    }
  }

  private void count(long bytes) {
    if (bytes != encrypted) {
      if (encrypted == 0 || bytes < encrypted) {
        encryptedSince = System.nanoTime(); // the client reads
      }
      all.encrypted(bytes - encrypted);
      encrypted = bytes;
    }
  }

  /**
   * When the data sent next was queued.
   *
   * @param ages of the queued buffers
   * @return by {@link System#nanoTime}; {@link OutboundQueues#NONE} if the queue is empty
   */
  public long since(Map<ByteBuf, Long> ages) {
    if (tls) {
      changed();
      return encrypted == 0 ? OutboundQueues.NONE : encryptedSince;
    }
    ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
    Object head = queue == null ? null : queue.current();
    Long since = head instanceof ByteBuf frame ? ages.get(QueuedBuffers.root(frame)) : null;
    return since == null ? OutboundQueues.NONE : since;
  }

  /** The connection is closed, for any reason: its queued data will be freed. */
  public void closing() {
    changed();
    long bytes = bytes();
    all.closing(bytes - closing);
    closing = bytes;
  }

  /** The channel is closed: its queue is empty. */
  public void ended() {
    if (tls) {
      count(0);
    }
    all.ended(closing);
    closing = 0;
  }
}

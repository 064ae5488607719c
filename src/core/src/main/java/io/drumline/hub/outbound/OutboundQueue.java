package io.drumline.hub.outbound;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import java.util.Map;

/**
 * What waits to be sent to one client, and how it counts for the node's {@link OutboundBudget}:
 * once the connection is closed, its bytes are about to come back. Used on its event loop.
 */
public final class OutboundQueue {
  private final Channel channel;
  private final boolean tls;
  private final OutboundQueues all;

  /** With TLS: how much was queued when that was looked at last, and since when it only grows. */
  private long encrypted;

  private long encryptedSince;

  /** What the budget was told that comes back. */
  private long closing;

  /**
   * @param tls whether what waits is encrypted for this client, and shared with no other
   * @param all those of the same event loop
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

  /** It may have changed: bytes that were encrypted are counted here. */
  public void changed() {
    if (tls) {
      count(bytes());
    }
  }

  private void count(long bytes) {
    if (bytes != encrypted) {
      if (encrypted == 0 || bytes < encrypted) {
        encryptedSince = System.nanoTime(); // its client reads
      }
      all.encrypted(bytes - encrypted);
      encrypted = bytes;
    }
  }

  /**
   * When what is sent next was queued.
   *
   * @param ages of the buffers that wait
   * @return by {@link System#nanoTime}; {@link OutboundQueues#NONE} if nothing waits
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

  /** The connection is closed, for whatever reason: what waits comes back. */
  public void closing() {
    changed();
    long bytes = bytes();
    all.closing(bytes - closing);
    closing = bytes;
  }

  /** The socket has ended: nothing waits any more. */
  public void ended() {
    if (tls) {
      count(0);
    }
    all.ended(closing);
    closing = 0;
  }
}

package io.drumline.hub;

import io.netty.util.internal.PlatformDependent;
import java.time.Duration;

/**
 * Delivery settings.
 *
 * @param threads event loops for client connections; 0 means one per available processor
 * @param outboundLimit maximum bytes in one connection's outbound queue
 * @param nodeOutboundLimit maximum bytes in all outbound queues of the node
 * @param backlogLimit maximum bytes between the backplane and the event loops
 * @param catchUpLimit maximum bytes of history that the node keeps in memory for a short while
 * @param maxReads maximum number of concurrent reads of history
 * @param idleCheck how long a destination with continuity may be silent before its position is
 *     compared with the backplane's
 * @param pauseLimit a node that was paused for longer closes its connections
 * @param linger how long a destination stays subscribed after its last local subscriber left
 */
public record HubSettings(
    int threads,
    long outboundLimit,
    long nodeOutboundLimit,
    long backlogLimit,
    long catchUpLimit,
    int maxReads,
    Duration idleCheck,
    Duration pauseLimit,
    Duration linger) {

  /**
   * How many of a connection's subscriptions catch up in parallel: this many steps fit into half of
   * its outbound queue.
   */
  static final int CATCH_UPS_SIDE_BY_SIDE = 4;

  /**
   * Half of the JVM's maximum direct memory, in bytes, but at least one connection's limit. The
   * rest is for inbound data, TLS and Redis.
   */
  public static long defaultNodeOutboundLimit(long outboundLimit) {
    return Math.max(outboundLimit, PlatformDependent.maxDirectMemory() / 2);
  }

  /** Maximum bytes of one step of catching up. */
  long chunkBytes() {
    return outboundLimit / (2 * CATCH_UPS_SIDE_BY_SIDE);
  }
}

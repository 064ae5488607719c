package io.drumline.hub;

import io.netty.util.internal.PlatformDependent;
import java.time.Duration;

/**
 * Delivery settings.
 *
 * @param threads event loops that serve client sockets; 0 means one per available processor
 * @param outboundLimit bytes that may wait to be sent to one connection
 * @param nodeOutboundLimit bytes that may wait to be sent to all connections of the node together
 * @param backlogLimit bytes that may wait between the backplane and the event loops
 * @param catchUpLimit bytes of history that the node keeps in memory for a short while
 * @param maxReads reads of history that may be under way at once
 * @param idleCheck how long a destination with continuity may be silent before its position is
 *     compared with the backplane's
 * @param pauseLimit a node that stood still for longer closes its connections
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
   * How many of a connection's subscriptions are asked for at once: as many steps of catching up
   * fit into half of its outbound queue.
   */
  static final int CATCH_UPS_SIDE_BY_SIDE = 4;

  /**
   * Half of the direct memory that the JVM may use, in bytes: the rest is for what is read, TLS and
   * Redis.
   */
  public static long defaultNodeOutboundLimit(long outboundLimit) {
    return Math.max(outboundLimit, PlatformDependent.maxDirectMemory() / 2);
  }

  /** Bytes that one step of catching up may take. */
  long chunkBytes() {
    return outboundLimit / (2 * CATCH_UPS_SIDE_BY_SIDE);
  }
}

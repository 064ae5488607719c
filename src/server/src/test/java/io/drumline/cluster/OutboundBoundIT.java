package io.drumline.cluster;

import static io.drumline.cluster.Peer.join;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.cluster.Swarm.Kind;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What clients that do not read can cost a node, at most. */
class OutboundBoundIT {
  private static final int CLIENTS = 200;
  private static final int LIMIT = 64 * 1024;
  private static final int BODY = 32 * 1024;

  /** What is written at once beyond the limit, to a client for whom nothing waits: one batch. */
  private static final int BATCH = 64 * 1024;

  /** The STOMP headers of a message, and a Close frame. */
  private static final int EXTRA = 1024;

  /** Bytes that may wait for one client. */
  private static final int BOUND = Math.max(LIMIT, BATCH + BODY) + EXTRA;

  /** A buffer grows by doubling, and the pool rounds sizes up: pinned may be twice what waits. */
  private static final long PINNED_BOUND = 2L * BOUND;

  @Test
  void queuesAndMemoryOfClientsThatDoNotReadAreBoundedAndComeBack() {
    try (Node node =
            Node.alone(
                "drumline.hub.threads=2",
                "drumline.hub.outbound-limit=" + LIMIT + "B",
                "drumline.stomp.max-body-size=" + LIMIT + "B");
        Swarm swarm = new Swarm()) {
      Peer publisher = swarm.connect(node);
      List<Peer> stopped = swarm.connect(node, Kind.SMALL_RECEIVE_BUFFER, CLIENTS);
      for (int i = 0; i < CLIENTS; i++) {
        // Each has an id, and so frames, of its own: nothing is shared.
        join(stopped.get(i).subscribe("sub-" + i, "/topic/large"));
      }
      stopped.forEach(Peer::stopReading);
      Node.patiently().until(() -> node.metric("drumline_queue_bytes") == 0);
      long before = pinned();

      long mostQueued = 0;
      long mostPinned = 0;
      String body = "z".repeat(BODY);
      while (node.metric("drumline_closes_total{reason=\"slow_consumer\"}") < CLIENTS) {
        for (int i = 0; i < 5; i++) {
          join(publisher.publish("/topic/large", body));
          mostPinned = Math.max(mostPinned, pinned() - before);
        }
        assertThat(mostPinned).isLessThanOrEqualTo(CLIENTS * PINNED_BOUND);
        mostQueued = Math.max(mostQueued, (long) node.metric("drumline_queue_bytes"));
        assertThat(mostQueued).isLessThanOrEqualTo((long) CLIENTS * BOUND);
      }
      assertThat(mostPinned).isPositive();

      // They never read their Close frame: the node hangs up by itself.
      node.awaitMetric("drumline_connections", 1);
      node.awaitMetric("drumline_subscriptions", 0);
      node.awaitMetric("drumline_queue_bytes", 0);
      Node.patiently().until(() -> pinned() <= before);
    }
  }

  /** Bytes of the servers' pool that are in use. */
  private static long pinned() {
    return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
  }
}

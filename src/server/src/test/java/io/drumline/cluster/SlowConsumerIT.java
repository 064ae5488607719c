package io.drumline.cluster;

import static io.drumline.cluster.Peer.join;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.cluster.Swarm.Kind;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client that does not read harms nobody but itself. */
class SlowConsumerIT {
  private static final String SLOW = "drumline_closes_total{reason=\"slow_consumer\"}";
  private static final String DESTINATION = "/topic/busy";
  private static final String BODY = ":" + "x".repeat(8 * 1024);

  private Swarm swarm;
  private Node node;

  @BeforeEach
  void start() {
    swarm = new Swarm();
    node =
        Node.alone(
            "drumline.hub.threads=2",
            "drumline.hub.outbound-limit=64KB",
            "drumline.stomp.max-body-size=64KB");
  }

  @AfterEach
  void stop() {
    swarm.close();
    node.close();
  }

  @Test
  void closesTheOneThatDoesNotReadAndServesTheHundredThatDo() {
    List<Peer> readers = swarm.connect(node, Kind.PLAIN, 100);
    readers.forEach(peer -> join(peer.subscribe("sub-0", DESTINATION)));
    Peer slow = swarm.connect(node, Kind.SMALL_RECEIVE_BUFFER);
    join(slow.subscribe("sub-0", DESTINATION));
    Peer publisher = swarm.connect(node);
    assertThat(node.metric(SLOW)).isZero();

    slow.stopReading();
    int published = 0;
    while (node.metric(SLOW) == 0) {
      assertThat(published).as("messages that pile up somewhere").isLessThan(4000);
      for (int i = 0; i < 20; i++) {
        join(publisher.publish(DESTINATION, published++ + BODY));
      }
    }
    // What was written before goes first, then the code.
    slow.readOn();
    assertThat(join(slow.closed())).isEqualTo(4001);

    for (int i = 0; i < 20; i++) {
      join(publisher.publish(DESTINATION, published++ + BODY));
    }
    int total = published;
    readers.forEach(peer -> peer.awaitMessages(total));
    List<Integer> all = IntStream.range(0, total).boxed().toList();
    assertThat(readers).allSatisfy(peer -> assertThat(numbers(peer)).isEqualTo(all));
    assertThat(slow.messageCount()).isPositive().isLessThan(total);
    assertThat(numbers(slow)).isEqualTo(all.subList(0, slow.messageCount()));
    assertThat(node.metric(SLOW)).isEqualTo(1);
    node.awaitMetric("drumline_connections", 101);
  }

  /** A RECEIPT of the same turn may wait before it: that is no slow reader. */
  @Test
  void sendsMessageAboveTheLimitToReaderThatKeepsUp() {
    Peer reader = swarm.connect(node);
    join(reader.subscribe("sub-0", DESTINATION));
    String large = "y".repeat(64 * 1024); // its headers make it larger than the limit
    for (int i = 1; i <= 20; i++) {
      join(reader.publish(DESTINATION, large));
      reader.awaitMessages(i);
    }
    assertThat(reader.messages()).allSatisfy(m -> assertThat(m.length()).isEqualTo(64 * 1024));
    assertThat(reader.closed()).isNotDone();
    assertThat(node.metric(SLOW)).isZero();
  }

  private static List<Integer> numbers(Peer peer) {
    return peer.bodies().stream()
        .map(body -> Integer.parseInt(body.substring(0, body.indexOf(':'))))
        .toList();
  }
}

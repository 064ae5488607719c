package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.TcpProxy;
import io.drumline.testing.redis.TestRedis;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Catching up and repair, where their cost or their moment matters. */
class CatchUpIT {
  private final String topic = "/topic/" + UUID.randomUUID();

  @Test
  void aStormOfResumersReadsABoundedNumberOfTimes() {
    int connections = 100;
    int each = 100;
    try (Node first = Node.on(TestRedis.url());
        Node second = Node.on(TestRedis.url());
        Swarm swarm = new Swarm()) {
      Peer publisher = swarm.connect(first);
      String position = position(publisher, topic);
      for (int i = 0; i < 50; i++) {
        Peer.join(publisher.publish(topic, "m" + i));
      }
      List<Peer> peers = swarm.connect(second, Swarm.Kind.PLAIN, connections);
      List<CompletableFuture<Peer.Frame>> joining = new ArrayList<>();
      for (Peer peer : peers) {
        for (int i = 0; i < each; i++) {
          joining.add(peer.subscribe(i + "\nresume-after:" + position, topic));
        }
      }
      joining.forEach(
          receipt -> assertThat(Peer.join(receipt).header("recovered")).isEqualTo("true"));
      Peer.join(publisher.publish(topic, "end"));
      peers.forEach(peer -> peer.awaitMessages(each * 51));
      assertThat(peers).allSatisfy(peer -> assertThat(peer.messageCount()).isEqualTo(each * 51));
      assertThat(second.metric("drumline_history_reads_total")).isBetween(1.0, 20.0);
    }
  }

  @Test
  void catchesUpInStepsWithMoreThanItsOutboundLimit() {
    int messages = 200;
    try (Node node =
            Node.alone("drumline.hub.outbound-limit=64KB", "drumline.stomp.max-body-size=64KB");
        Swarm swarm = new Swarm()) {
      Peer publisher = swarm.connect(node);
      String position = position(publisher, topic);
      String body = "x".repeat(5000);
      for (int i = 0; i < messages; i++) {
        Peer.join(publisher.publish(topic, i + ":" + body));
      }
      Peer slow = swarm.connect(node, Swarm.Kind.SMALL_RECEIVE_BUFFER);
      CompletableFuture<Peer.Frame> joined = slow.subscribe("s\nresume-after:" + position, topic);
      assertThat(Peer.join(joined).header("recovered")).isEqualTo("true");
      assertThat(slow.bodies())
          .extracting(kept -> kept.substring(0, kept.indexOf(':')))
          .containsExactlyElementsOf(
              IntStream.range(0, messages).mapToObj(Integer::toString).toList());
    }
  }

  @Test
  void manySubscriptionsOfAConnectionCatchUpBesideEachOther() {
    int destinations = 40;
    try (Node node =
            Node.alone("drumline.hub.outbound-limit=64KB", "drumline.stomp.max-body-size=64KB");
        Swarm swarm = new Swarm()) {
      Peer publisher = swarm.connect(node);
      String body = "x".repeat(2000);
      List<String> positions = new ArrayList<>();
      for (int i = 0; i < destinations; i++) {
        positions.add(position(publisher, topic + i));
        for (int j = 0; j < 20; j++) {
          publisher.send(topic + i, body);
        }
      }
      Peer.join(publisher.publish(topic, "all sent"));
      Peer client = swarm.connect(node);
      List<CompletableFuture<Peer.Frame>> joining = new ArrayList<>();
      for (int i = 0; i < destinations; i++) {
        joining.add(client.subscribe(i + "\nresume-after:" + positions.get(i), topic + i));
      }
      joining.forEach(
          receipt -> assertThat(Peer.join(receipt).header("recovered")).isEqualTo("true"));
      assertThat(client.messageCount()).isEqualTo(destinations * 20);
    }
  }

  @Test
  void repairsAHoleInTheLiveStream() {
    try (Loss loss = new Loss(topic, "drumline.hub.idle-check=1h")) {
      loss.lose("lost");
      loss.publish("after"); // only this shows the hole
      loss.expect("lost", "after");
    }
  }

  @Test
  void findsALostLastMessage() {
    try (Loss loss = new Loss(topic, "drumline.hub.idle-check=1s")) {
      loss.lose("lost");
      loss.expect("lost");
    }
  }

  /** A node whose messages can be lost on their way from Redis, and two subscribers. */
  private static final class Loss implements AutoCloseable {
    private final TcpProxy proxy = new TcpProxy(URI.create(TestRedis.url()).getPort());
    private final String topic;
    private final Node node;
    private final StompClient publisher;
    private final StompClient continuous;
    private final StompClient plain;

    Loss(String topic, String property) {
      this.topic = topic;
      node = Node.on(proxy.url(), property);
      publisher = node.client();
      continuous = node.client();
      plain = node.client();
      continuous.subscribe("c", topic, "resume-after:*");
      plain.subscribe("p", topic);
      publish("before");
      expect("before");
    }

    void publish(String body) {
      publisher.publishConfirmed(topic, body);
    }

    void lose(String body) {
      proxy.swallowNext(body);
      publish(body);
      Node.patiently().until(proxy::hasSwallowed);
    }

    void expect(String... bodies) {
      for (String body : bodies) {
        continuous.expectMessage(body);
        plain.expectMessage(body);
      }
    }

    @Override
    public void close() {
      plain.close();
      continuous.close();
      publisher.close();
      node.close();
      proxy.close();
    }
  }

  private static String position(Peer peer, String destination) {
    String id = "p" + destination;
    Peer.Frame receipt = Peer.join(peer.subscribe(id + "\nresume-after:*", destination));
    Peer.join(peer.unsubscribe(id));
    return receipt.header("position");
  }
}

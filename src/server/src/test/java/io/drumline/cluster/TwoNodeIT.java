package io.drumline.cluster;

import static io.drumline.cluster.Peer.join;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.TestRedis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several nodes around one Redis are one server. */
class TwoNodeIT {
  private static final int PER_PUBLISHER = 1500;
  private static final int MIB = 1024 * 1024;

  private static List<Node> nodes = List.of();

  private final String name = UUID.randomUUID().toString();
  private Swarm swarm;

  @BeforeAll
  static void start() {
    nodes =
        IntStream.range(0, 3)
            .mapToObj(
                i -> Node.on(TestRedis.url(), "drumline.hub.threads=2", "drumline.hub.linger=0s"))
            .toList();
  }

  @AfterAll
  static void stop() {
    nodes.forEach(Node::close);
  }

  @BeforeEach
  void open() {
    swarm = new Swarm();
  }

  @AfterEach
  void close() {
    swarm.close();
  }

  /** Many publishers on every node at once, and two subscribers on each. */
  @ParameterizedTest
  @ValueSource(strings = {"/topic/", "/ephemeral/"})
  void everySubscriberOfAnyNodeSeesOneOrder(String kind) {
    String destination = kind + name;
    List<Peer> subscribers = new ArrayList<>();
    List<Peer> publishers = new ArrayList<>();
    for (Node node : nodes) {
      subscribers.add(swarm.connect(node));
      subscribers.add(swarm.connect(node));
      publishers.add(swarm.connect(node));
    }
    join(all(subscribers.stream().map(peer -> peer.subscribe("sub-0", destination))));

    for (int i = 0; i < PER_PUBLISHER; i++) {
      for (int p = 0; p < publishers.size(); p++) {
        publishers.get(p).send(destination, p + ":" + i);
      }
    }
    int total = PER_PUBLISHER * publishers.size();
    subscribers.forEach(peer -> peer.awaitMessages(total));
    // Whatever would come twice has come before this.
    join(publishers.get(0).publish(destination, "end"));
    subscribers.forEach(peer -> peer.awaitMessages(total + 1));

    List<String> order = subscribers.get(0).bodies();
    assertThat(order).hasSize(total + 1).doesNotHaveDuplicates();
    for (int p = 0; p < publishers.size(); p++) {
      String publisher = p + ":";
      assertThat(order.stream().filter(body -> body.startsWith(publisher)))
          .containsExactlyElementsOf(
              IntStream.range(0, PER_PUBLISHER).mapToObj(i -> publisher + i).toList());
    }
    List<String> ids = ids(subscribers.get(0));
    assertThat(ids).doesNotHaveDuplicates();
    for (Peer subscriber : subscribers) {
      assertThat(subscriber.bodies()).isEqualTo(order);
      assertThat(ids(subscriber)).isEqualTo(ids);
    }
  }

  /** Each time for the first subscriber of its node. */
  @ParameterizedTest
  @ValueSource(strings = {"/topic/", "/ephemeral/"})
  void receiptOfSubscribeMeansThatAllPublishedFromNowOnArrives(String kind) {
    Peer publisher = swarm.connect(nodes.get(0));
    Peer subscriber = swarm.connect(nodes.get(1));
    for (int i = 0; i < 200; i++) {
      String id = "sub-" + i;
      String destination = kind + name + i;
      subscriber.subscribe(id, destination).thenRun(() -> publisher.send(destination, id));
      subscriber.awaitMessages(i + 1);
      assertThat(subscriber.bodies().get(i)).isEqualTo(id);
      join(subscriber.unsubscribe(id));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/topic/", "/ephemeral/"})
  void leavingOnOneNodeDoesNotMatterToOthers(String kind) {
    String destination = kind + name;
    Peer publisher = swarm.connect(nodes.get(2));
    Peer leaver = swarm.connect(nodes.get(0));
    Peer neighbour = swarm.connect(nodes.get(0));
    Peer other = swarm.connect(nodes.get(1));
    for (Peer peer : List.of(leaver, neighbour, other)) {
      join(peer.subscribe("sub-0", destination));
    }
    join(publisher.publish(destination, "1"));
    leaver.awaitMessages(1);

    join(leaver.unsubscribe("sub-0"));
    join(publisher.publish(destination, "2"));
    neighbour.awaitMessages(2);
    neighbour.hangUp(); // the node's last subscriber
    join(neighbour.closed());
    join(publisher.publish(destination, "3"));
    other.awaitMessages(3);
    join(leaver.subscribe("sub-1", destination));
    join(publisher.publish(destination, "4"));
    leaver.awaitMessages(2);
    other.awaitMessages(4);

    assertThat(leaver.bodies()).containsExactly("1", "4");
    assertThat(neighbour.bodies()).containsExactly("1", "2");
    assertThat(other.bodies()).containsExactly("1", "2", "3", "4");
  }

  @Test
  void nodeThatLeavesTellsItsClientsAndOthersGoOn() {
    String destination = "/topic/" + name;
    Peer publisher = swarm.connect(nodes.get(0));
    Peer stays = swarm.connect(nodes.get(1));
    join(stays.subscribe("sub-0", destination));
    List<Peer> told;
    try (Node leaves = Node.on(TestRedis.url())) {
      told = swarm.connect(leaves, Swarm.Kind.PLAIN, 20);
      join(all(told.stream().map(peer -> peer.subscribe("sub-0", destination))));
      join(publisher.publish(destination, "1"));
      told.forEach(peer -> peer.awaitMessages(1));
    }
    assertThat(told).allSatisfy(peer -> assertThat(join(peer.closed())).isEqualTo(1001));
    join(publisher.publish(destination, "2"));
    stays.awaitMessages(2);
    assertThat(stays.bodies()).containsExactly("1", "2");
    assertThat(told).allSatisfy(peer -> assertThat(peer.bodies()).containsExactly("1"));
  }

  /** Every byte there is, and as large as a body may be. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 125, 126, 65535, 65536, MIB})
  void carriesBinaryBodiesOfAnySize(int size) {
    String destination = "/topic/" + name;
    byte[] body = new byte[size];
    new Random(size).nextBytes(body);
    try (StompClient from = nodes.get(0).client();
        StompClient to = nodes.get(1).client()) {
      to.subscribe("sub-0", destination);
      from.message(StompClient.Carriage.BINARY, send(destination, body));
      from.expect("RECEIPT", "receipt-id:sent");
      StompFrame message = to.expect("MESSAGE", "subscription:sub-0", "destination:" + destination);
      assertThat(message.body()).isEqualTo(body);
      assertThat(message.header("content-type")).isEqualTo("application/octet-stream");
    }
  }

  private static byte[] send(String destination, byte[] body) {
    byte[] head =
        """
        SEND
        destination:%s
        receipt:sent
        content-type:application/octet-stream
        content-length:%d

        """
            .formatted(destination, body.length)
            .getBytes(US_ASCII);
    byte[] frame = Arrays.copyOf(head, head.length + body.length + 1);
    System.arraycopy(body, 0, frame, head.length, body.length);
    return frame;
  }

  private static List<String> ids(Peer peer) {
    return peer.messages().stream().map(message -> message.header("message-id")).toList();
  }

  private static CompletableFuture<Void> all(Stream<CompletableFuture<Peer.Frame>> futures) {
    return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
  }
}

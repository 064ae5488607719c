package io.drumline.cluster;

import static io.drumline.cluster.Peer.join;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.cluster.Peer.Frame;
import io.drumline.cluster.Swarm.Kind;
import io.drumline.testing.redis.TestRedis;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Subscribers come and go while messages flow. */
class ChurnIT {
  private static final int CHURNERS = 200;
  private static final int ROUNDS = 6;

  /** Messages that wait for their subscribers, of each publisher. */
  private static final int WINDOW = 4;

  private final String destination = "/topic/" + UUID.randomUUID();

  /** How many messages each publisher has begun to send. */
  private final AtomicInteger begun = new AtomicInteger();

  @Test
  void thoseWhoStayLoseNothingAndThoseWhoGoGetExactlyTheirTime() {
    String[] properties = {"drumline.hub.threads=2", "drumline.hub.linger=0s"};
    try (Node one = Node.on(TestRedis.url(), properties);
        Node two = Node.on(TestRedis.url(), properties);
        Swarm swarm = new Swarm()) {
      List<Peer> publishers = List.of(swarm.connect(one), swarm.connect(two));
      List<Peer> stable = List.of(swarm.connect(one), swarm.connect(two));
      stable.forEach(peer -> join(peer.subscribe("sub-0", destination)));
      List<Churner> churners =
          IntStream.range(0, CHURNERS)
              .mapToObj(i -> new Churner(swarm, i % 2 == 0 ? one : two, i))
              .toList();
      churners.forEach(Churner::begin);
      CompletableFuture<Void> finished =
          CompletableFuture.allOf(
              churners.stream().map(churner -> churner.finished).toArray(CompletableFuture[]::new));

      while (!finished.isDone()) {
        int number = begun.getAndIncrement();
        for (int p = 0; p < publishers.size(); p++) {
          publishers.get(p).send(destination, p + ":" + number);
        }
        int due = publishers.size() * Math.max(0, number - WINDOW);
        stable.forEach(peer -> peer.awaitMessages(due));
      }
      finished.join();
      int published = begun.get();
      int total = publishers.size() * published;
      stable.forEach(peer -> peer.awaitMessages(total));

      List<String> order = stable.get(0).bodies();
      assertThat(order).hasSize(total);
      assertThat(stable.get(1).bodies()).isEqualTo(order);
      for (int p = 0; p < publishers.size(); p++) {
        String publisher = p + ":";
        assertThat(order.stream().filter(body -> body.startsWith(publisher)))
            .containsExactlyElementsOf(
                IntStream.range(0, published).mapToObj(i -> publisher + i).toList());
      }
      churners.forEach(churner -> churner.verify(order));
      stable.forEach(Peer::hangUp);
      for (Node node : List.of(one, two)) {
        node.awaitMetric("drumline_subscriptions", 0);
        node.awaitMetric("drumline_connections", 1);
      }
    }
  }

  /**
   * Subscribes, sees messages that were published after its RECEIPT, leaves, and does it again:
   * each third time it leaves by hanging up. On the swarm's thread.
   */
  private final class Churner {
    private final Swarm swarm;
    private final Node node;
    private final int number;
    private final List<Peer> peers = new ArrayList<>();

    /** By subscription id: the first number that was surely published after its RECEIPT. */
    private final Map<String, Integer> from = new HashMap<>();

    /** By subscription id: how many messages had come when the RECEIPT of its UNSUBSCRIBE did. */
    private final Map<String, Integer> until = new HashMap<>();

    final CompletableFuture<Void> finished = new CompletableFuture<>();
    private Peer peer;
    private int round;
    private String subscription = "";
    private int seen;

    Churner(Swarm swarm, Node node, int number) {
      this.swarm = swarm;
      this.node = node;
      this.number = number;
    }

    void begin() {
      swarm
          .connecting(node, Kind.PLAIN)
          .thenAccept(
              connected -> {
                peer = connected;
                peers.add(peer);
                peer.onFrame(this::seen);
                subscribe();
              })
          .whenComplete(this::failed);
    }

    private void subscribe() {
      if (round == ROUNDS) {
        // Whatever would come after the last UNSUBSCRIBE's RECEIPT comes before this one.
        peer.publish("/topic/nobody", "")
            .thenRun(peer::hangUp)
            .thenRun(() -> finished.complete(null));
        return;
      }
      // Few ids, so that many share a group.
      subscription = "sub-" + round++ + "-" + number % 4;
      seen = 0;
      peer.subscribe(subscription, destination)
          .thenAccept(receipt -> from.put(subscription, begun.get()))
          .whenComplete(this::failed);
    }

    private void seen(Frame frame) {
      Integer first = from.get(subscription);
      if (first != null
          && frame.header("subscription").equals(subscription)
          && number(frame.body()) >= first
          && ++seen == 3) {
        leave();
      }
    }

    private void leave() {
      if (round % 3 == 0 && round < ROUNDS) {
        peer.onFrame(frame -> {});
        peer.reset();
        begin();
      } else {
        peer.unsubscribe(subscription)
            .thenRun(() -> until.put(subscription, peer.messageCount()))
            .thenRun(this::subscribe)
            .whenComplete(this::failed);
      }
    }

    private void failed(Object ignored, Throwable failure) {
      if (failure != null) {
        finished.completeExceptionally(failure);
      }
    }

    /**
     * Each subscription got a part of the one order, from its RECEIPT at the latest, and nothing
     * after the RECEIPT of its UNSUBSCRIBE.
     */
    void verify(List<String> order) {
      assertThat(from).hasSize(ROUNDS);
      for (Peer each : peers) {
        each.messages().stream()
            .map(frame -> frame.header("subscription"))
            .distinct()
            .forEach(id -> verify(id, each.messages(), order));
      }
    }

    private void verify(String id, List<Frame> messages, List<String> order) {
      List<String> got =
          messages.stream()
              .filter(frame -> frame.header("subscription").equals(id))
              .map(Frame::body)
              .toList();
      int start = order.indexOf(got.get(0));
      assertThat(got).as(id).isEqualTo(order.subList(start, start + got.size()));
      assertThat(order.subList(0, start))
          .as("missed by %s", id)
          .noneMatch(body -> number(body) >= from.get(id));
      assertThat(messages.subList(until.getOrDefault(id, messages.size()), messages.size()))
          .as("after the end of %s", id)
          .noneMatch(frame -> frame.header("subscription").equals(id));
    }
  }

  private static int number(String body) {
    return Integer.parseInt(body.substring(body.indexOf(':') + 1));
  }
}

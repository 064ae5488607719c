package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A client with a client-id that comes back on another node, and knows nothing of resuming,
 * continues where it was.
 */
class SharedSessionIT {
  private static final int MESSAGES = 2000;
  private static final Duration INTERVAL = Duration.ofMillis(100);

  private static List<Node> nodes = List.of();

  private final String clientId = UUID.randomUUID().toString();
  private final String topic = "/topic/" + clientId;
  private final List<StompClient> clients = new ArrayList<>();

  @BeforeAll
  static void start() {
    nodes =
        Stream.generate(
                () ->
                    Node.on(
                        TestRedis.url(),
                        "drumline.session.position-interval=" + INTERVAL.toMillis() + "ms"))
            .limit(2)
            .toList();
  }

  @AfterAll
  static void stop() {
    nodes.forEach(Node::close);
  }

  @AfterEach
  void hangUp() {
    clients.forEach(StompClient::close);
  }

  private StompClient open(int node) {
    StompClient client =
        StompClient.open(nodes.get(node).port(), StompClient.Carriage.TEXT, "v12.stomp");
    clients.add(client);
    return client;
  }

  private StompClient connect(int node) {
    return open(node).connect("1.2", "client-id:" + clientId);
  }

  private void publish(int first, int last) {
    StompClient publisher = open(1).connect("1.2");
    for (int i = first; i < last; i++) {
      publisher.publish(topic, "m" + i);
    }
    publisher.publishConfirmed(topic, "m" + last);
    publisher.close();
  }

  private static StompFrame receive(StompClient client, int first, int last) {
    StompFrame message = client.expectMessage("m" + first);
    for (int i = first + 1; i <= last; i++) {
      message = client.expectMessage("m" + i);
    }
    return message;
  }

  /** Reads, and so answers pings, until this position is stored. */
  private void awaitStored(StompClient client, StompFrame message) {
    String position = message.header("message-id");
    Node.patiently()
        .until(
            () -> {
              client.expectNothing(INTERVAL);
              return position.equals(stored());
            });
  }

  private String stored() {
    return TestRedis.with(
        TestRedis.url(), c -> c.sync().hget("drumline:session:" + clientId, topic));
  }

  @Test
  void continuesOnAnotherNodeWithoutResumeAfter() {
    StompClient before = connect(0);
    before.subscribe("sub-0", topic);
    publish(1, 5);
    awaitStored(before, receive(before, 1, 5));
    before.reset();
    publish(6, 10);

    StompClient after = connect(1);
    after.command("SUBSCRIBE", "id:sub-0", "destination:" + topic);
    receive(after, 6, 10);
    publish(11, 12);
    receive(after, 11, 12);
  }

  @Test
  void continuesWhereItBeganBeforeAnyMessage() {
    StompClient before = connect(0);
    before.subscribe("sub-0", topic);
    Node.patiently().until(() -> stored() != null); // without a ping: it has read nothing
    before.reset();
    publish(1, 3);

    StompClient after = connect(1);
    after.command("SUBSCRIBE", "id:sub-0", "destination:" + topic);
    receive(after, 1, 3);
  }

  @Test
  void continuesAfterDisconnect() {
    StompClient before = connect(0);
    before.subscribe("sub-0", topic);
    publish(1, 2);
    awaitStored(before, receive(before, 1, 2));
    before.command("DISCONNECT");
    assertThat(before.expectClose()).isEqualTo(1000);
    publish(3, 4);

    StompClient after = connect(1);
    after.command("SUBSCRIBE", "id:other", "destination:" + topic);
    receive(after, 3, 4);
  }

  /** What was published before the first message came is not lost either. */
  @Test
  void continuesWhereItSubscribed() {
    publish(1, 3);
    StompClient before = connect(0);
    before.subscribe("sub-0", topic);
    Node.patiently()
        .until(
            () -> {
              before.expectNothing(INTERVAL);
              return stored() != null;
            });
    before.reset();
    publish(4, 6);

    StompClient after = connect(1);
    after.command("SUBSCRIBE", "id:sub-0", "destination:" + topic);
    receive(after, 4, 6);
  }

  /** It reads nothing, and so answers no ping. */
  @Test
  void getsAgainWhatItMayNotHaveReceived() {
    StompClient before = connect(0);
    before.subscribe("sub-0", topic);
    publish(1, 3);
    awaitStored(before, receive(before, 1, 3));
    publish(4, 6);
    before.reset();

    StompClient after = connect(1);
    after.command("SUBSCRIBE", "id:sub-0", "destination:" + topic);
    receive(after, 4, 6);
  }

  @Test
  void continuesBehindWhatWasAcknowledged() {
    StompClient before = connect(0);
    before.subscribe("sub-0", topic, "ack:client");
    publish(1, 5);
    StompFrame third = receive(before, 1, 3);
    receive(before, 4, 5);
    before.command("ACK", "id:" + third.header("ack"));
    awaitStored(before, third);
    before.reset();

    StompClient after = connect(1);
    after.command("SUBSCRIBE", "id:sub-0", "destination:" + topic, "ack:client");
    receive(after, 4, 5);
  }

  @Test
  void continuesAtTheFirstThatWasNotAcknowledged() {
    StompClient before = connect(0);
    before.subscribe("sub-0", topic, "ack:client-individual");
    publish(1, 5);
    List<StompFrame> messages = new ArrayList<>();
    for (int i = 1; i <= 5; i++) {
      messages.add(before.expectMessage("m" + i));
    }
    for (int acknowledged : new int[] {0, 2, 3, 4}) {
      before.command("ACK", "id:" + messages.get(acknowledged).header("ack"));
    }
    awaitStored(before, messages.get(0));
    before.reset();

    StompClient after = connect(1);
    after.command("SUBSCRIBE", "id:sub-0", "destination:" + topic, "ack:client-individual");
    receive(after, 2, 5);
  }

  @Test
  void startsAnewWhereItHadUnsubscribed() {
    StompClient before = connect(0);
    before.subscribe("sub-0", topic);
    publish(1, 2);
    awaitStored(before, receive(before, 1, 2));
    before.confirmed("UNSUBSCRIBE", "id:sub-0");
    Node.patiently().until(() -> stored() == null);
    before.reset();
    publish(3, 4);

    StompClient after = connect(1);
    after.subscribe("sub-0", topic);
    publish(5, 5);
    receive(after, 5, 5);
  }

  @Test
  void costDoesNotFollowTheRateOfMessages() {
    StompClient client = connect(0);
    client.subscribe("sub-0", topic);
    publish(1, 1);
    awaitStored(client, receive(client, 1, 1));
    double stores = nodes.get(0).metric("drumline_sessions_stores_total");
    long begun = System.nanoTime();

    publish(2, MESSAGES);
    awaitStored(client, receive(client, 2, MESSAGES));

    double intervals = (double) (System.nanoTime() - begun) / INTERVAL.toNanos();
    assertThat(nodes.get(0).metric("drumline_sessions_stores_total") - stores)
        .isPositive()
        .isLessThanOrEqualTo(intervals + 1)
        .isLessThan(MESSAGES / 10.0);
  }
}

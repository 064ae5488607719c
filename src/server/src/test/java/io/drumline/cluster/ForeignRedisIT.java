package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Somebody else writes into the nodes' Redis: what no node wrote is dropped and counted. */
class ForeignRedisIT {
  private static final String INVALID = "drumline_redis_envelopes_invalid_total";
  private static final String PREFIX = "foreign-" + UUID.randomUUID() + ':';

  private static Node node;

  @BeforeAll
  static void start() {
    node = Node.on(TestRedis.url(), "drumline.redis.prefix=" + PREFIX);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void dropsWhatIsNoEnvelopeOnADestinationsChannel() {
    double before = node.metric(INVALID);
    try (StompClient client = node.client();
        StompClient publisher = node.client()) {
      client.subscribe("1", "/topic/live");
      String channel = PREFIX + "{/topic/live}:c";
      publishForeign(channel, "");
      publishForeign(channel, "{\"json\":true}");
      publishForeign(channel, "\u0001");
      // A whole envelope whose id would end the header line that it becomes part of.
      publishForeign(channel, ephemeral("id\nuser-name:root", ""));
      // And ones whose headers would end the frame, or are none.
      publishForeign(channel, ephemeral("id", "a:b\n\nbody\0MESSAGE\n"));
      publishForeign(channel, ephemeral("id", "a:b"));
      node.awaitMetric(INVALID, before + 6);
      publisher.publishConfirmed("/topic/live", "real");
      client.expectMessage("real");
    }
  }

  @Test
  void dropsWhatIsNoNoticeOnTheNodesOwnChannel() {
    double before = node.metric(INVALID);
    List<String> own = redis(commands -> commands.pubsubChannels(PREFIX + "node:*"));
    assertThat(own).hasSize(1);
    publishForeign(own.get(0), "opened all of them");
    publishForeign(own.get(0), "opened 99999999999999999999 x");
    node.awaitMetric(INVALID, before + 2);
    try (StompClient client = node.client("client-id:mine")) {
      publishForeign(own.get(0), "opened 1 mine"); // of before this socket
      client.publishConfirmed("/topic/own", "x");
    }
  }

  @Test
  void passesByWhatIsNoEnvelopeInTheHistory() {
    String stream = PREFIX + "{/topic/history}:s";
    try (StompClient client = node.client()) {
      client.publishConfirmed("/topic/history", "one");
      client.publishConfirmed("/topic/history", "two");
      redis(commands -> commands.del(stream));
      String now = Long.toString(System.currentTimeMillis());
      redis(
          commands ->
              commands.xadd(stream, new XAddArgs().id("1-0"), "v", "garbage", "t", now, "b", "0"));
      redis(commands -> commands.xadd(stream, new XAddArgs().id("7-7"), Map.of("x", "y")));
      client.publishConfirmed("/topic/history", "three");
      try (Node late = Node.on(TestRedis.url(), "drumline.redis.prefix=" + PREFIX);
          StompClient reader = late.client()) {
        reader.command("SUBSCRIBE", "id:1", "destination:/topic/history", "replay:10");
        reader.expectMessage("three");
        assertThat(late.metric(INVALID)).isPositive();
      }
      client.publishConfirmed("/topic/history", "four");
    }
  }

  @Test
  void opensASessionThatHoldsForeignPositions() {
    String session = PREFIX + "session:bent";
    try (StompClient client = node.client("client-id:bent")) {
      client.publishConfirmed("/topic/bent", "x");
    }
    double before = node.metric(INVALID);
    Node.patiently()
        .until(
            () -> {
              // What the node stores of the sockets before may take it away again.
              redis(commands -> commands.hset(session, "nowhere\n", "x"));
              node.client("client-id:bent").close();
              return node.metric(INVALID) > before;
            });
    try (StompClient client = node.client("client-id:bent");
        StompClient publisher = node.client()) {
      client.subscribe("1", "/topic/bent");
      publisher.publishConfirmed("/topic/bent", "real");
      client.expectMessage("real");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "", "*", "aaaaaaaa.1.x", "\n\0", "zzzzzzzz.zzzzzzzzzzzzzz.x"})
  void tellsAClientOfAPositionThatCannotBeRead(String foreign) {
    String id = "hostile-" + UUID.randomUUID();
    String topic = "/topic/" + id;
    try (StompClient publisher = node.client()) {
      try (StompClient client = node.client("client-id:" + id)) {
        client.subscribe("1", topic);
        publisher.publishConfirmed(topic, "seen");
        client.expectMessage("seen");
      }
      publisher.publishConfirmed(topic, "missed");
    }
    node.awaitMetric("drumline_sessions_shared", 0); // stored for the last time
    redis(commands -> commands.hset(PREFIX + "session:" + id, topic, foreign));
    double before = node.metric(INVALID);
    try (StompClient client = node.client("client-id:" + id);
        StompClient publisher = node.client()) {
      assertThat(node.metric(INVALID)).isEqualTo(before + 1);
      client.command("SUBSCRIBE", "id:1", "destination:" + topic, "receipt:r");
      StompFrame notice = client.expect("MESSAGE");
      assertThat(notice.header("drumline-event")).isEqualTo("gap");
      assertThat(notice.header("drumline-reason")).isEqualTo("wiped");
      assertThat(notice.header("drumline-missed")).isEqualTo("unknown");
      client.expectMessage("seen"); // all that history has
      client.expectMessage("missed");
      StompFrame receipt = client.expect("RECEIPT");
      assertThat(receipt.header("recovered")).isEqualTo("false");
      assertThat(receipt.header("gap")).isEqualTo("wiped");
      publisher.publishConfirmed(topic, "live");
      client.expectMessage("live");
    }
  }

  /** In the form of a node: version 1, no place in an order, this id, these headers, no body. */
  private static String ephemeral(String id, String headers) {
    return "\u0001\0"
        + "\0".repeat(8)
        + "\0"
        + (char) id.length()
        + id
        + "\0".repeat(8)
        + "\0\0"
        + "\0\0\0"
        + (char) headers.length()
        + headers
        + "\0\0\0\0";
  }

  private static void publishForeign(String channel, String bytes) {
    long heard = redis(commands -> commands.publish(channel, bytes));
    assertThat(heard).isEqualTo(1);
  }

  private static <T> T redis(Function<RedisCommands<String, String>, T> task) {
    return TestRedis.with(TestRedis.url(), connection -> task.apply(connection.sync()));
  }
}

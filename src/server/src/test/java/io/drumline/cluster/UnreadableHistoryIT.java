package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.redis.TestRedis;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A destination whose history Redis refuses to read is that destination's trouble alone. */
class UnreadableHistoryIT {
  private static final String PREFIX = "unreadable-" + UUID.randomUUID() + ':';
  private static final String WRONG = "/topic/wrong";
  private static final String META = PREFIX + "{" + WRONG + "}:m";

  @Test
  void itsSubscribersAreToldAndAllElseGoesOn() {
    TestRedis.with(TestRedis.url(), redis -> redis.sync().set(META, "no hash"));
    try (Node node = Node.on(TestRedis.url(), "drumline.redis.prefix=" + PREFIX);
        Swarm swarm = new Swarm()) {
      Peer client = swarm.connect(node);
      CompletableFuture<Peer.Frame> wrong = client.subscribe("1\nresume-after:*", WRONG);
      CompletableFuture<Peer.Frame> good = client.subscribe("2\nresume-after:*", "/topic/good");
      CompletableFuture<Peer.Frame> sent = client.publish("/topic/good", "one");
      CompletableFuture<Peer.Frame> cancelled = client.subscribe("3\nresume-after:*", WRONG);
      CompletableFuture<Peer.Frame> ended = client.unsubscribe("3");
      client.awaitMessages(1); // though nothing is answered about the first destination
      assertThat(wrong).isNotDone();

      assertThat(Peer.join(wrong).header("gap")).isEqualTo("unavailable");
      assertThat(Peer.join(wrong).header("missed")).isEqualTo("unknown");
      assertThat(Peer.join(wrong).header("position")).isEmpty();
      assertThat(Peer.join(good).header("position")).isNotEmpty();
      Peer.join(sent);
      assertThat(Peer.join(cancelled).header("cancelled")).isEqualTo("true");
      Peer.join(ended);

      TestRedis.with(TestRedis.url(), redis -> redis.sync().del(META));
      client.awaitMessages(2); // the notice where it begins
      Peer.join(client.publish(WRONG, "two"));
      client.awaitMessages(3);
      assertThat(client.bodies()).containsExactly("one", "", "two");
    }
  }
}

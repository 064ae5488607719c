package io.drumline.stomp.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.drumline.message.CloseCode;
import io.drumline.stomp.FakeNode;
import io.drumline.stomp.access.NewDestinations.Uses;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How many destinations clients may invent. */
class NewDestinationsTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private long now = 7;

  private NewDestinations destinations(int perConnection, int perUser, int perNode) {
    return new NewDestinations(
        new StompProperties.NewDestinations(
            Duration.ofHours(1), perConnection, perUser, perNode, List.of("mailer")),
        () -> now,
        meters);
  }

  private double known() {
    return meters.get("drumline.destinations.recent").gauge().value();
  }

  private static void refuses(Runnable use, CloseCode code, String what) {
    assertThatExceptionOfType(StompException.class)
        .isThrownBy(use::run)
        .withMessageContaining(what)
        .satisfies(refused -> assertThat(refused.closeCode()).isEqualTo(code));
  }

  @Test
  void aConnectionMayUseSoManyNewOnesAndAnyNumberOfKnownOnes() {
    NewDestinations destinations = destinations(2, 0, 0);
    Uses one = new Uses();
    Uses other = new Uses();
    destinations.use(one, "ann", "/topic/a");
    destinations.use(one, "ann", "/topic/b");
    destinations.use(other, "bob", "/topic/c");

    refuses(() -> destinations.use(one, "ann", "/topic/d"), CloseCode.TOO_FAST, "2 a connection");
    destinations.use(one, "ann", "/topic/a");
    destinations.use(one, "ann", "/topic/c");
    destinations.use(other, "bob", "/topic/d");
    assertThat(known()).isEqualTo(4);
  }

  @Test
  void aUserMayUseSoManyOverAllConnections() {
    NewDestinations destinations = destinations(0, 2, 0);
    destinations.use(new Uses(), "ann", "/topic/a");
    destinations.use(new Uses(), "ann", "/topic/b");

    refuses(() -> destinations.use(new Uses(), "ann", "/topic/c"), CloseCode.TOO_FAST, "2 a user");
    destinations.use(new Uses(), "bob", "/topic/c");
  }

  @Test
  void theNodesClientsMayUseSoManyAndThoseWithoutANameHalfOfThem() {
    NewDestinations destinations = destinations(0, 0, 4);
    destinations.use(new Uses(), null, "/topic/a");
    destinations.use(new Uses(), null, "/topic/b");

    refuses(
        () -> destinations.use(new Uses(), null, "/topic/c"),
        CloseCode.TRY_AGAIN_LATER,
        "did not log in");
    destinations.use(new Uses(), "ann", "/topic/c");
    destinations.use(new Uses(), "ann", "/topic/d");
    refuses(
        () -> destinations.use(new Uses(), "bob", "/topic/e"),
        CloseCode.TRY_AGAIN_LATER,
        "try again later");
    destinations.use(new Uses(), "bob", "/topic/a");
  }

  @Test
  void anExemptUserIsBoundedByTheNodeOnly() {
    NewDestinations destinations = destinations(1, 1, 4);
    Uses uses = new Uses();
    destinations.use(uses, "mailer", "/topic/a");
    destinations.use(uses, "mailer", "/topic/b");
    destinations.use(uses, "mailer", "/topic/c");
    destinations.use(new Uses(), "ann", "/topic/d");

    refuses(
        () -> destinations.use(uses, "mailer", "/topic/e"),
        CloseCode.TRY_AGAIN_LATER,
        "try again later");
  }

  /** Each destination and each user takes a hash, however long the names are. */
  @Test
  void refusedUsesAreNotRemembered() {
    NewDestinations destinations = destinations(0, 1, 3);
    for (int i = 0; i < 1000; i++) {
      String name = "user" + i;
      try {
        destinations.use(new Uses(), name, "/topic/" + name);
      } catch (StompException refused) {
        assertThat(refused.closeCode()).isEqualTo(CloseCode.TRY_AGAIN_LATER);
      }
    }
    assertThat(known()).isEqualTo(3);
    assertThat(destinations.countedUsers()).isEqualTo(3);
  }

  @Test
  void afterTheWindowTheyAreNewAgainAndPaidForAgain() {
    NewDestinations destinations = destinations(1, 1, 2);
    Uses paid = new Uses();
    destinations.use(paid, "ann", "/topic/a");
    refuses(() -> destinations.use(paid, "ann", "/topic/b"), CloseCode.TOO_FAST, "1 a connection");

    now += TimeUnit.MINUTES.toNanos(40);
    destinations.use(paid, "ann", "/topic/a"); // so that it stays known
    refuses(() -> destinations.use(paid, "ann", "/topic/b"), CloseCode.TOO_FAST, "1 a connection");

    now += TimeUnit.MINUTES.toNanos(30);
    destinations.use(paid, "ann", "/topic/b");
    assertThat(known()).isEqualTo(2);

    now += TimeUnit.HOURS.toNanos(5);
    destinations.use(paid, "ann", "/topic/c");
    assertThat(known()).isEqualTo(1);
  }

  @Test
  void aSetOfNumbersIsLikeAnyOther() {
    Random random = new Random(17);
    LongSet set = new LongSet();
    Set<Long> model = new HashSet<>();
    for (int i = 0; i < 20_000; i++) {
      long value = random.nextLong(10_000) * 0x9E3779B97F4A7C15L;
      assertThat(set.add(value)).isEqualTo(model.add(value == 0 ? 1L : value));
      assertThat(set.size()).isEqualTo(model.size());
    }
    for (long value : model) {
      assertThat(set.contains(value)).isTrue();
    }
    assertThat(set.contains(12345)).isFalse();
  }

  /** The reference's key, and what its code gives for the first 8 bytes 0 to 7 and for none. */
  @Test
  void hashesAsTheReferenceDoes() {
    StringHash hash = new StringHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

    assertThat(hash.of("")).isEqualTo(0x726fdb47dd0e0e31L);
    assertThat(hash.of("\u0100\u0302\u0504\u0706")).isEqualTo(0x93f5f5799a932462L);
  }

  @Test
  void aClientIsToldAndClosed() throws Exception {
    try (FakeNode node = new FakeNode(Map.of("stomp.new-destinations.per-connection", "2"))) {
      FakeNode.Client client = node.open().send("CONNECT\naccept-version:1.2\n\n\0");
      await().until(() -> client.heard().contains("CONNECTED\n"));
      client.send("SEND\ndestination:/topic/a\n\n\0");
      client.send("SUBSCRIBE\nid:1\ndestination:/topic/b\nresume-after:*\n\n\0");
      client.send("SUBSCRIBE\nid:2\ndestination:/topic/c\n\n\0"); // leaves nothing behind
      client.send("SEND\ndestination:/ephemeral/d\n\n\0"); // neither does this
      client.send("SEND\ndestination:/topic/b\nreceipt:r\n\n\0");
      await().until(() -> client.heard().contains("receipt-id:r"));

      client.send("SEND\ndestination:/topic/e\n\n\0");

      await().until(() -> client.closeCode() == CloseCode.TOO_FAST.code());
      assertThat(client.heard()).contains("You have used too many new destinations");
      assertThat(node.count("drumline.limits.exceeded", "limit", "connection_destinations"))
          .isEqualTo(1);
    }
  }
}

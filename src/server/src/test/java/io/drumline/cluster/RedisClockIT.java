package io.drumline.cluster;

import io.drumline.continuity.Load;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Proof;
import io.drumline.testing.redis.RedisServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Redis' clock alone is set, forward and back, while clients come and go: whoever misses something
 * is told. Redis takes the time for its keys' lifetimes and for our scripts from libfaketime; its
 * timers go by the monotonic clock, as they do where the system's clock is set. Publishers stay
 * connected here: one that sends a message again after its id has ended has it stored twice.
 */
class RedisClockIT {
  /** Ends sessions, ids and histories. */
  private static final Duration STEP = Duration.ofMinutes(20);

  /** Ends the order of destinations, too. */
  private static final Duration GREAT_STEP = Duration.ofDays(9);

  @Test
  void whatEndsEarlyIsTold() {
    try (RedisServer redis = RedisServer.withClock();
        Node near = Node.on(redis.url(), "drumline.node-id=near");
        Node far = Node.on(redis.url(), "drumline.node-id=far")) {
      List<URI> urls = List.of(near.webSocket(), far.webSocket());
      Clients clients = Clients.resuming().someOfThemShared();
      Proof.under(
              new Load(urls, 60, 15, 150, 100, clients),
              "Redis' clock set forward and back",
              run -> {
                run.reconnecting(Duration.ofSeconds(5));
                for (Duration ahead : List.of(STEP, Duration.ZERO, GREAT_STEP, Duration.ZERO)) {
                  run.awaitAccepted(75);
                  redis.setClock(ahead);
                }
                run.awaitAccepted(75).awaitCaughtUp();
              })
          .showsNothingUnflagged();
    }
  }
}

package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Load.Continuity;
import io.drumline.e2e.NodeProcess;
import io.drumline.testing.redis.RedisServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Two nodes of three have hardly any heap, and clients of all kinds come and go: such a node may
 * end, with exit code 3, and is started again; nobody misses a message without a notice.
 *
 * <p>{@code -Ddrumline.campaign.rounds=20}, {@code -Ddrumline.campaign.heap=72m}, and {@code
 * -Ddrumline.campaign.seed} to run one again.
 */
class HeapCampaign {
  private static final int ROUNDS = Integer.getInteger("drumline.campaign.rounds", 4);
  private static final int LOOKS = 30;
  private static final Duration LOOK = Duration.ofMillis(500);

  /** Of a node whose heap is exhausted. */
  private static final int EXHAUSTED = 3;

  private static final int[] BODIES = {16_000, 4000, 1000, 100};

  @Test
  void nothingIsLostUntoldWhereHeapIsShort() {
    long seed = Long.getLong("drumline.campaign.seed", System.nanoTime());
    System.out.println("Heap campaign with -Ddrumline.campaign.seed=" + seed);
    Random random = new Random(seed);
    String heap = System.getProperty("drumline.campaign.heap", "72m");
    try (RedisServer redis = RedisServer.start();
        NodeProcess small = NodeProcess.clustered("small", List.of("-Xmx96m"), redis.url());
        NodeProcess least = NodeProcess.clustered("least", List.of("-Xmx" + heap), redis.url());
        NodeProcess other = NodeProcess.clustered("other", redis.url())) {
      List<URI> urls =
          Stream.of(small, least, other).map(node -> URI.create(node.ready().webSocket())).toList();
      for (int round = 0; round < ROUNDS; round++) {
        Clients clients =
            new Clients(Continuity.ALL_KINDS, Duration.ofSeconds(3), random.nextLong());
        int body = BODIES[round % BODIES.length];
        int[] ends = {0};
        Proof.under(
                new Load(urls, 350, 35, 400, body, clients),
                "heap short, bodies of " + body,
                run -> {
                  run.reconnecting(LOOK.multipliedBy(LOOKS));
                  run.visitors(150, LOOK.multipliedBy(LOOKS));
                  for (int look = 0; look < LOOKS; look++) {
                    run.last(LOOK);
                    ends[0] += restarted(small) + restarted(least);
                  }
                })
            .showsNothingUnflagged();
        System.out.println("Nodes ended in this round: " + ends[0]);
      }
    }
  }

  /** Starts the node again where it has ended; returns how often. */
  private static int restarted(NodeProcess node) {
    if (node.alive()) {
      return 0;
    }
    assertThat(node.awaitExit(Duration.ofSeconds(1)))
        .as(() -> String.join("\n", node.log()))
        .isEqualTo(EXHAUSTED);
    node.restart();
    return 1;
  }
}

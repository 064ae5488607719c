package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Load.Continuity;
import io.drumline.continuity.Load.Ids;
import io.drumline.e2e.NodeProcess;
import io.drumline.testing.redis.RedisServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Two nodes of three have hardly any heap, and clients fill it, again and again, while clients of
 * all kinds come and go and publish: such a node ends, with exit code 3, and is started again;
 * nobody misses a message without a notice.
 *
 * <p>{@code -Ddrumline.campaign.rounds=20}, {@code -Ddrumline.campaign.heap=72m}, and {@code
 * -Ddrumline.campaign.seed} to run one again. {@code -Ddrumline.campaign.hoard=false} leaves the
 * heap to the load alone.
 */
class HeapCampaign {
  private static final int ROUNDS = Integer.getInteger("drumline.campaign.rounds", 4);
  private static final boolean HOARD =
      !"false".equals(System.getProperty("drumline.campaign.hoard"));
  private static final int LOOKS = 40;
  private static final Duration LOOK = Duration.ofMillis(500);

  /** How many looks may pass between the JVM's first lack of heap and the end of the process. */
  private static final int PATIENCE = 20;

  private static final int[] BODIES = {16_000, 4000, 1000, 100};

  @Test
  void nothingIsLostUntoldWhereHeapIsShort() {
    long seed = Long.getLong("drumline.campaign.seed", System.nanoTime());
    System.out.println("Heap campaign with -Ddrumline.campaign.seed=" + seed);
    Random random = new Random(seed);
    String heap = "-Xmx" + System.getProperty("drumline.campaign.heap", "72m");
    try (RedisServer redis = RedisServer.start();
        ShortNode one = new ShortNode("one", heap, redis);
        ShortNode two = new ShortNode("two", heap, redis);
        NodeProcess other = NodeProcess.clustered("other", redis.url()).ready()) {
      List<ShortNode> nodes = List.of(one.ready(), two.ready());
      List<URI> urls = List.of(one.url(), two.url(), URI.create(other.webSocket()));
      for (int round = 0; round < ROUNDS; round++) {
        Clients clients =
            new Clients(Continuity.ALL_KINDS, Duration.ofSeconds(3), random.nextLong());
        int body = BODIES[round % BODIES.length];
        int before = nodes.stream().mapToInt(ShortNode::ends).sum();
        Proof.under(
                new Load(urls, 350, 35, 400, body, clients, Ids.HALF),
                "heap short, bodies of " + body,
                run -> {
                  run.reconnecting(LOOK.multipliedBy(LOOKS));
                  run.visitors(150, LOOK.multipliedBy(LOOKS));
                  for (int look = 0; look < LOOKS; look++) {
                    run.last(LOOK);
                    nodes.forEach(ShortNode::look);
                    ShortNode next = nodes.get(random.nextInt(nodes.size()));
                    if (HOARD && random.nextInt(8) == 0 && next.serves()) {
                      run.stopHoarding().hoard(next.url());
                    }
                  }
                  run.stopHoarding();
                })
            .showsNothingUnflagged();
        int ends = nodes.stream().mapToInt(ShortNode::ends).sum() - before;
        System.out.println("Nodes ended in this round: " + ends);
      }
    }
  }

  /** A node that has hardly any heap. */
  private static final class ShortNode implements AutoCloseable {
    /** Of a node whose heap is exhausted. */
    private static final int EXHAUSTED = 3;

    private final NodeProcess process;
    private int ends;
    private int exhaustedFor;

    /** The JVM itself says where it first has no heap, whoever catches the error. */
    ShortNode(String id, String heap, RedisServer redis) {
      process =
          NodeProcess.clustered(id, List.of(heap, "-XX:OnOutOfMemoryError=true"), redis.url());
    }

    ShortNode ready() {
      process.ready();
      return this;
    }

    URI url() {
      return URI.create(process.webSocket());
    }

    boolean serves() {
      return process.alive() && has("Ready. Open");
    }

    int ends() {
      return ends;
    }

    private boolean has(String words) {
      return process.log().stream().anyMatch(line -> line.contains(words));
    }

    /** Starts it again where it has ended; fails where it goes on though it had no heap. */
    void look() {
      if (!process.alive()) {
        boolean served = has("Ready. Open");
        int code = process.awaitExit(Duration.ofSeconds(1));
        String last = process.log().get(process.log().size() - 1);
        System.out.printf("Ended with %d, %d looks without heap: %s%n", code, exhaustedFor, last);
        if (served) {
          assertThat(code).as(() -> String.join("\n", process.log())).isEqualTo(EXHAUSTED);
          ends++;
        }
        exhaustedFor = 0;
        process.restart();
      } else if (has("java.lang.OutOfMemoryError")) {
        exhaustedFor++;
        assertThat(exhaustedFor)
            .as(() -> "goes on without heap:\n" + String.join("\n", process.log()))
            .isLessThan(PATIENCE);
      }
    }

    @Override
    public void close() {
      process.close();
    }
  }
}

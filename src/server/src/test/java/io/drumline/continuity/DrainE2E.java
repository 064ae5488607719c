package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.continuity.Event.Lost;
import io.drumline.continuity.Event.Resumed;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Load.Continuity;
import io.drumline.e2e.NodeProcess;
import io.drumline.testing.redis.RedisServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A node with many clients is drained while messages are published. */
class DrainE2E {
  private static final int CLIENTS = 5000;
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Duration WINDOW = Duration.ofSeconds(10);

  /** What else a drain may need, as documented for terminationGracePeriodSeconds. */
  private static final Duration MARGIN = Duration.ofSeconds(15);

  private RedisServer redis;
  private NodeProcess leaves;
  private List<NodeProcess> others = List.of();

  @BeforeEach
  void start() {
    redis = RedisServer.start();
    leaves =
        NodeProcess.clustered(
            "leaves",
            redis.url(),
            "--drumline.drain.grace=" + GRACE.toSeconds() + "s",
            "--drumline.drain.window=" + WINDOW.toSeconds() + "s");
    others =
        Stream.of("stays-1", "stays-2").map(id -> NodeProcess.clustered(id, redis.url())).toList();
    others.forEach(NodeProcess::kill); // until all clients are on the one that leaves
    leaves.ready();
  }

  @AfterEach
  void stop() {
    leaves.kill();
    others.forEach(NodeProcess::kill);
    redis.close();
  }

  @Test
  void clientsOfADrainedNodeMoveEvenlyAndMissNothing() {
    List<URI> urls =
        Stream.concat(Stream.of(leaves), others.stream())
            .map(node -> URI.create(node.webSocket()))
            .toList();
    Clients clients = new Clients(Continuity.RESUMING, Duration.ofSeconds(30), System.nanoTime());
    Load load = new Load(urls, CLIENTS, 50, 50, 100, clients);
    try (Run run = Run.start(load)) {
      run.awaitLive(Duration.ofMinutes(3));
      others.forEach(NodeProcess::restart);
      others.forEach(NodeProcess::ready);
      run.publish().awaitAccepted(200);

      long began = System.nanoTime();
      leaves.terminate();
      assertThat(leaves.awaitExit(GRACE.plus(WINDOW).plus(MARGIN))).isZero();
      run.awaitLive().awaitAccepted(200);

      Evidence evidence = run.finish(Run.PATIENCE);
      Verdict verdict = Verdict.of(evidence);
      System.out.printf("drain (seed %d): %s%n", clients.seed(), verdict);
      assertThat(verdict.faults()).as(() -> verdict.findings().toString()).isEmpty();
      assertThat(verdict.gaps().notices()).isEmpty();
      assertThat(verdict.delivered()).isPositive();
      assertThat(evidence.logs())
          .hasSize(CLIENTS)
          .allSatisfy(log -> assertThat(log.of(Resumed.class)).hasSize(1))
          .allSatisfy(
              log ->
                  assertThat(log.of(Lost.class))
                      .singleElement()
                      .extracting(Lost::why)
                      .isEqualTo("closed with 1001 This node is going away: reconnect now."));
      Told told = told();
      int mean = told.closed / (int) WINDOW.toSeconds();
      System.out.printf("the busiest second had %d closes, the mean %d%n", told.busiest, mean);
      assertThat(told.closed).isGreaterThanOrEqualTo(CLIENTS); // publishers, too
      assertThat(told.busiest).isBetween(mean, mean * 3 / 2);
      showNobodyWasClosedAheadOfTime(evidence, began + GRACE.toNanos(), told.closed);
    }
  }

  /**
   * What the node says of its Close frames: clients on a busy machine may see them in bursts.
   *
   * @param busiest most of them in any second
   */
  private record Told(int closed, int busiest) {}

  private Told told() {
    Matcher line =
        Pattern.compile("Drained in .*: (\\d+) of \\d+ closed, at most (\\d+) in a second")
            .matcher(String.join("\n", leaves.log()));
    assertThat(line.find()).as("The node's log tells of its drain").isTrue();
    return new Told(Integer.parseInt(line.group(1)), Integer.parseInt(line.group(2)));
  }

  /**
   * As the clients saw it: a client that is late sees a close late, but none early. So however busy
   * the machine is, they have never seen more closes than were due by then.
   */
  private static void showNobodyWasClosedAheadOfTime(Evidence evidence, long first, int all) {
    long[] times =
        evidence.logs().stream()
            .flatMap(log -> log.of(Lost.class))
            .mapToLong(Lost::nanos)
            .sorted()
            .toArray();
    for (int i = 0; i < times.length; i++) {
      assertThat(times[i]).isGreaterThanOrEqualTo(first + i * WINDOW.toNanos() / all);
    }
  }
}

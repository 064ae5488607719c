package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.e2e.NodeProcess;
import io.drumline.testing.RedisServer;
import io.drumline.testing.TcpProxy;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;

/** Three node processes and a Redis, each to be broken; clients choose nodes by themselves. */
final class FaultCluster implements AutoCloseable {
  private static final int NODES = 3;

  /** Messages before a fault and after it: two seconds' worth. */
  private static final int CALM = 1000;

  final RedisServer redis;
  final TcpProxy proxy;
  final List<NodeProcess> nodes = new ArrayList<>();

  /** Between which nodes and Redis the proxy is. */
  enum Proxied {
    THE_LAST,
    ALL
  }

  FaultCluster(Proxied proxied, String... redisArguments) {
    redis = RedisServer.start(redisArguments);
    proxy = new TcpProxy(redis.port());
    for (int n = 0; n < NODES; n++) {
      boolean direct = proxied == Proxied.THE_LAST && n < NODES - 1;
      nodes.add(NodeProcess.clustered("n" + n, direct ? redis.url() : proxy.url()));
    }
    nodes.forEach(NodeProcess::ready);
  }

  Load load() {
    return Load.usual(nodes.stream().map(node -> URI.create(node.webSocket())).toList());
  }

  /** What a run gave. */
  record Proof(Evidence evidence, Verdict verdict) {

    /** Nothing is wrong, and there was no gap at all. */
    void showsNoGap() {
      showsNothingUnflagged();
      assertThat(verdict.gaps().notices()).as(this::told).isEmpty();
      assertThat(verdict.gaps().missing()).as(this::told).isZero();
    }

    /** Nothing is wrong, and each subscription was told of one gap, for this reason. */
    void showsOneGapEach(String reason) {
      showsNothingUnflagged();
      for (Evidence.Log log : evidence.logs()) {
        assertThat(log.notices())
            .as(() -> log.subscriber() + " at " + log.destination())
            .singleElement()
            .extracting(Event.Notice::reason)
            .isEqualTo(reason);
      }
    }

    private void showsNothingUnflagged() {
      assertThat(verdict.faults()).as(this::told).isEmpty();
      assertThat(verdict.delivered()).as(this::told).isPositive();
    }

    private String told() {
      return JsonMapper.builder()
          .build()
          .writerWithDefaultPrettyPrinter()
          .writeValueAsString(verdict);
    }
  }

  /** Runs the load, and the fault in the midst of it. */
  Proof under(Load load, String fault, Consumer<Run> happening) {
    try (Run run = Run.start(load)) {
      run.awaitLive().publish().awaitAccepted(CALM);
      happening.accept(run);
      run.awaitLive().awaitAccepted(CALM);
      Evidence evidence = run.finish(Run.PATIENCE);
      Verdict verdict = Verdict.of(evidence);
      System.out.printf("%s (seed %d): %s%n", fault, load.clients().seed(), verdict);
      return new Proof(evidence, verdict);
    }
  }

  @Override
  public void close() {
    nodes.forEach(NodeProcess::close);
    proxy.close();
    redis.close();
  }
}

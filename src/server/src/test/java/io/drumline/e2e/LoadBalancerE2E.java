package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.continuity.Load;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Proof;
import io.drumline.continuity.Run;
import io.drumline.e2e.Balancer.Kind;
import io.drumline.e2e.Crowd.Guest;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Three nodes behind nginx and HAProxy, with the files that operators get. */
final class LoadBalancerE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int CLIENTS = 300;
  private static final int NODES = 3;

  /** So that no more than this get in from one address: all others must be known by theirs. */
  private static final int PER_ADDRESS = 120;

  private static final Map<Kind, Balancer> balancers = new EnumMap<>(Kind.class);
  private static RedisProcess redis;
  private static List<NodeProcess> nodes;

  /** Each client with an address of its own; nginx looks at three bytes. */
  private static String stranger(int i) {
    return "127.%d.%d.1".formatted(1 + i / 100, i % 100);
  }

  @BeforeAll
  static void startCluster() {
    redis = new RedisProcess();
    nodes = Stream.of("a", "b", "c").map(LoadBalancerE2E::node).toList();
    nodes.forEach(NodeProcess::ready);
    Stream.of(Kind.values())
        .filter(kind -> !kind.tcp() && !kind.tls())
        .forEach(kind -> balancers.put(kind, Balancer.start(kind, nodes)));
    awaitClientsOfAll();
  }

  private static NodeProcess node(String id) {
    return NodeProcess.clustered(
        id,
        redis,
        "--drumline.drain.grace=1s",
        "--drumline.drain.window=3s",
        "--drumline.listener.trusted-proxies=127.0.0.1",
        "--drumline.listener.max-connections-per-address=" + PER_ADDRESS);
  }

  @AfterAll
  static void stopCluster() {
    balancers.values().forEach(Balancer::close);
    nodes.forEach(NodeProcess::close);
    redis.close();
  }

  @BeforeEach
  void allNodesAreThereAndEmpty() {
    nodes.forEach(node -> awaitEmpty(node.revived()));
  }

  private static void awaitEmpty(NodeProcess node) {
    await(node.id() + " is empty").atMost(PATIENCE).until(() -> node.connections() == 0);
  }

  @ParameterizedTest
  @EnumSource
  void theProgramFindsNothingWrongWithTheFile(Kind kind) {
    assertThat(Balancer.check(kind)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_ROUND_ROBIN", "HAPROXY_ROUNDROBIN"})
  void roundRobinGivesEachNodeAThirdAndAllHearAll(Kind kind) {
    try (Crowd crowd = new Crowd(balancers.get(kind).url())) {
      crowd.join(CLIENTS, LoadBalancerE2E::stranger);
      assertThat(crowd.byNode())
          .allSatisfy((node, count) -> assertThat(count).isEqualTo(CLIENTS / NODES));
      allHearAll(crowd);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_LEAST_CONN", "HAPROXY_LEASTCONN"})
  void leastConnectionsFillsUpTheEmptiestNodeAndAllHearAll(Kind kind) {
    try (Crowd crowd = new Crowd(balancers.get(kind).url())) {
      crowd.join(CLIENTS, LoadBalancerE2E::stranger);
      NodeProcess emptied = nodes.get(0);
      crowd.at(emptied).forEach(Guest::leave);
      awaitEmpty(emptied);
      crowd.join(CLIENTS / NODES, LoadBalancerE2E::stranger);
      Offset<Long> moment = Offset.offset(2L); // when the balancer notices that somebody has left
      assertThat(crowd.byNode())
          .hasSize(NODES)
          .allSatisfy((node, count) -> assertThat(count).isCloseTo(CLIENTS / NODES, moment));
      allHearAll(crowd);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_IP_HASH", "HAPROXY_SOURCE"})
  void anAddressStaysWithItsNodeAndAllHearAll(Kind kind) {
    try (Crowd crowd = new Crowd(balancers.get(kind).url())) {
      Map<String, String> first = nodeByAddress(crowd);
      assertThat(Set.copyOf(first.values())).hasSize(NODES);
      assertThat(nodeByAddress(crowd)).isEqualTo(first);
      assertThat(nodeByAddress(crowd)).isEqualTo(first);
      allHearAll(crowd);
    }
  }

  private static Map<String, String> nodeByAddress(Crowd crowd) {
    return crowd.join(CLIENTS / 3, LoadBalancerE2E::stranger).stream()
        .collect(Collectors.toMap(Guest::address, Guest::node));
  }

  /** What is published through each node reaches all. */
  private static void allHearAll(Crowd crowd) {
    for (NodeProcess node : nodes) {
      crowd.at(node).get(0).say("from " + node.id());
    }
    crowd.awaitHeard(NODES);
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_IP_HASH", "HAPROXY_SOURCE"})
  void nodesKnowClientsByTheirAddressesWhateverClientsSay(Kind kind) {
    limitsEachAddress(balancers.get(kind).url());
  }

  @Test
  void aNodeBelievesNobodyElse() {
    limitsEachAddress(URI.create(nodes.get(0).webSocket()));
  }

  /** Each client claims another address: if that were believed, all would get in. */
  private static void limitsEachAddress(URI url) {
    try (Crowd crowd = new Crowd(url)) {
      crowd.join(PER_ADDRESS, i -> "127.9.9.9");
      assertThat(crowd.refused(2, i -> "127.9.9.9"))
          .hasSize(2)
          .allSatisfy(why -> assertThat(why).contains("429"));
      crowd.join(1, i -> "127.9.9.10");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_ROUND_ROBIN", "HAPROXY_ROUNDROBIN"})
  void aReloadLeavesThoseWhoAreThereWithTheOldWorker(Kind kind) {
    Balancer balancer = balancers.get(kind);
    try (Crowd old = new Crowd(balancer.url());
        Crowd fresh = new Crowd(balancer.url())) {
      old.join(30, LoadBalancerE2E::stranger);
      Set<ProcessHandle> workers = balancer.reload();
      fresh.join(30, LoadBalancerE2E::stranger);
      old.at(nodes.get(0)).get(0).say("still there");
      old.awaitHeard(1);
      assertThat(workers).anyMatch(ProcessHandle::isAlive);

      old.leaveAll();
      await("the old workers have ended")
          .atMost(PATIENCE)
          .until(() -> workers.stream().noneMatch(ProcessHandle::isAlive));
      fresh.at(nodes.get(0)).get(0).say("not with the old workers");
      fresh.awaitHeard(1);
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"NGINX_STREAM", "HAPROXY_TCP", "HAPROXY_TCP_TLS"})
  void whoWouldBeRefusedByOneNodeGetsInAtAnother(Kind kind) {
    try (StandIn refusing = new StandIn();
        Balancer balancer =
            Balancer.startBefore(
                kind,
                List.of(refusing.port(), nodes.get(1).clientPort(), nodes.get(2).clientPort()))) {
      assertThat(Crowd.visit(balancer, LoadBalancerE2E::stranger)).hasSize(2);
      assertThat(refusing.clients()).isPositive();
      if (kind.nginx()) {
        return; // it asks the node again for each client, and passes the client on
      }
      refusing.drain();
      await("it is noticed")
          .atMost(PATIENCE)
          .until(
              () -> {
                int before = refusing.clients();
                Crowd.visit(balancer, LoadBalancerE2E::stranger);
                return refusing.clients() == before;
              });
    }
  }

  @Test
  void nothingIsLostWhenANodeIsKilledAndAnotherDrained() {
    List<URI> urls = balancers.values().stream().map(Balancer::url).toList();
    Load load = new Load(urls, 90, 18, 300, 100, Clients.resuming());
    Proof.under(load, "killed and drained behind balancers", this::killOneAndDrainOne).showsNoGap();
  }

  private void killOneAndDrainOne(Run run) {
    NodeProcess killed = nodes.get(0);
    NodeProcess drained = nodes.get(1);

    killed.kill();
    balancers.values().forEach(balancer -> sendsNobodyTo(killed, balancer));
    run.awaitLive();
    killed.restart();
    killed.ready();
    awaitClientsOfAll();

    drained.terminate();
    await("refuses clients").atMost(PATIENCE).until(() -> drained.healthz() != 200);
    balancers.values().forEach(balancer -> sendsNobodyTo(drained, balancer));
    drained.awaitExit(PATIENCE);
    run.awaitLive();
    drained.restart();
    drained.ready();
    awaitClientsOfAll();
  }

  /** All who come now get in, at the first try, at another node. */
  private static void sendsNobodyTo(NodeProcess node, Balancer balancer) {
    assertThat(Crowd.visit(balancer, LoadBalancerE2E::stranger))
        .as(balancer.name())
        .doesNotContain(node.id());
  }

  private static void awaitClientsOfAll() {
    balancers
        .values()
        .forEach(balancer -> Crowd.awaitVisits(nodes, balancer, LoadBalancerE2E::stranger));
  }
}

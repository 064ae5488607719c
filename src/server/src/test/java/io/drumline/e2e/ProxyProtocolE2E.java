package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.e2e.Balancer.Kind;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Three nodes behind balancers that look at no request and begin each connection with a PROXY
 * header: of version 1 from nginx, of version 2 from HAProxy. Each address may connect once to a
 * node: were it not known, two of all clients would get in.
 */
final class ProxyProtocolE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int CLIENTS = 300;
  private static final int NODES = 3;

  private static final AtomicInteger strangers = new AtomicInteger();

  private static final Map<Kind, Balancer> balancers = new EnumMap<>(Kind.class);
  private static RedisProcess redis;
  private static List<NodeProcess> nodes;

  /** An address that nobody had before. */
  private static String stranger(int i) {
    int n = strangers.getAndIncrement();
    return "127.1.%d.%d".formatted(n / 250, 1 + n % 250);
  }

  @BeforeAll
  static void startCluster() {
    redis = new RedisProcess();
    nodes = Stream.of("d", "e", "f").map(ProxyProtocolE2E::node).toList();
    nodes.forEach(NodeProcess::ready);
    Stream.of(Kind.NGINX_STREAM, Kind.HAPROXY_TCP)
        .forEach(kind -> balancers.put(kind, Balancer.start(kind, nodes)));
    awaitClientsOfAll();
  }

  private static void awaitClientsOfAll() {
    balancers
        .values()
        .forEach(balancer -> Crowd.awaitVisits(nodes, balancer, ProxyProtocolE2E::stranger));
  }

  private static NodeProcess node(String id) {
    return NodeProcess.clustered(
        id,
        redis,
        "--drumline.listener.trusted-proxies=127.0.0.1",
        "--drumline.listener.proxy-protocol=true",
        "--drumline.listener.max-connections-per-address=1");
  }

  @AfterAll
  static void stopCluster() {
    balancers.values().forEach(Balancer::close);
    nodes.forEach(NodeProcess::close);
    redis.close();
  }

  @BeforeEach
  void allNodesAreThereAndEmpty() {
    nodes.forEach(NodeProcess::revived);
    await("all nodes are empty")
        .atMost(PATIENCE)
        .until(() -> nodes.stream().allMatch(node -> node.connections() == 0));
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_STREAM", "HAPROXY_TCP"})
  void clientsSpreadEvenlyAndAllHearAll(Kind kind) {
    try (Crowd crowd = new Crowd(balancers.get(kind).url())) {
      crowd.join(CLIENTS, ProxyProtocolE2E::stranger);
      assertThat(crowd.byNode())
          .hasSize(NODES)
          .allSatisfy((node, count) -> assertThat(count).isBetween(98L, 102L));
      nodes.forEach(node -> crowd.at(node).get(0).say("from " + node.id()));
      crowd.awaitHeard(NODES);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_STREAM", "HAPROXY_TCP"})
  void nodesKnowClientsByTheirAddresses(Kind kind) {
    try (Crowd crowd = new Crowd(balancers.get(kind).url())) {
      assertThat(crowd.refused(NODES + 2, i -> "127.9.9.9"))
          .hasSizeBetween(2, NODES + 1)
          .allSatisfy(why -> assertThat(why).contains("429"));
      crowd.join(1, i -> "127.9.9.10");
    }
  }

  /** Who is no trusted proxy needs no header, and is whom the socket says, whatever it claims. */
  @Test
  void aNodeTakesStrangersWithoutAHeader() {
    try (Crowd crowd = new Crowd(URI.create(nodes.get(0).webSocket()))) {
      crowd.join(1, i -> "127.9.9.9");
      assertThat(crowd.refused(1, i -> "127.9.9.9"))
          .singleElement()
          .satisfies(why -> assertThat(why).contains("429"));
      crowd.join(1, i -> "127.9.9.10");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_STREAM", "HAPROXY_TCP"})
  void aReloadLeavesThoseWhoAreThereWithTheOldWorker(Kind kind) {
    Balancer balancer = balancers.get(kind);
    try (Crowd crowd = new Crowd(balancer.url())) {
      crowd.join(30, ProxyProtocolE2E::stranger);
      Set<ProcessHandle> workers = balancer.reload();
      crowd.join(30, ProxyProtocolE2E::stranger);
      crowd.at(nodes.get(0)).get(0).say("still there");
      crowd.awaitHeard(1);
      assertThat(workers).anyMatch(ProcessHandle::isAlive);
    }
  }

  @Test
  void nobodyIsSentToADeadNode() {
    NodeProcess dead = nodes.get(0);
    dead.kill();
    for (Balancer balancer : balancers.values()) {
      assertThat(Crowd.visit(balancer, ProxyProtocolE2E::stranger)).doesNotContain(dead.id());
    }
    dead.revived();
    awaitClientsOfAll();
  }

  /** Only HAProxy asks for /healthz: behind nginx, its clients would be refused again and again. */
  @Test
  void haProxyNoticesANodeThatRefusesClients() {
    try (StandIn refusing = new StandIn();
        Balancer balancer =
            Balancer.startBefore(
                Kind.HAPROXY_TCP,
                List.of(refusing.port(), nodes.get(1).clientPort(), nodes.get(2).clientPort()))) {
      assertThat(refusedBy(balancer)).isNotEmpty();
      refusing.drain();
      await("it is noticed").atMost(PATIENCE).until(() -> refusedBy(balancer).isEmpty());
    }
  }

  private static List<String> refusedBy(Balancer balancer) {
    try (Crowd crowd = new Crowd(balancer.url())) {
      return crowd.refused(2 * NODES, ProxyProtocolE2E::stranger);
    }
  }
}

package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.e2e.Balancer.Kind;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two nodes that speak TLS themselves, behind balancers that pass the bytes on and put a PROXY
 * header before them. Each address may connect once to a node.
 */
final class TlsPassThroughE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final AtomicInteger strangers = new AtomicInteger();
  private static final Map<Kind, Balancer> balancers = new EnumMap<>(Kind.class);
  private static final Certificate certificate = new Certificate(RunningProgram.directory("tls"));
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
    nodes = Stream.of("a", "b").map(TlsPassThroughE2E::node).toList();
    nodes.forEach(NodeProcess::ready);
    for (Kind kind : List.of(Kind.NGINX_STREAM, Kind.HAPROXY_TCP_TLS)) {
      int second = nodes.get(1).clientPort();
      List<Integer> ports = List.of(nodes.get(0).clientPort(), second, second);
      balancers.put(kind, Balancer.startBefore(kind, ports));
      awaitVisits(kind, certificate.trust(), Set.of("a", "b"));
    }
  }

  private static NodeProcess node(String id) {
    return NodeProcess.clustered(
        id,
        redis,
        "--spring.ssl.bundle.pem.web.keystore.certificate=file:" + certificate.file("crt"),
        "--spring.ssl.bundle.pem.web.keystore.private-key=file:" + certificate.file("key"),
        "--spring.ssl.bundle.pem.web.reload-on-update=true",
        "--spring.ssl.bundle.watch.file.quiet-period=500ms",
        "--drumline.listener.ssl-bundle=web",
        "--drumline.listener.trusted-proxies=127.0.0.1",
        "--drumline.listener.proxy-protocol=true",
        "--drumline.listener.max-connections-per-address=1",
        "--drumline.api.anonymous=true");
  }

  @AfterAll
  static void stopCluster() {
    balancers.values().forEach(Balancer::close);
    nodes.forEach(NodeProcess::close);
    redis.close();
  }

  private static Crowd crowd(Kind kind, SslContext trust) {
    return new Crowd(URI.create("wss://127.0.0.1:" + balancers.get(kind).port() + "/ws"), trust);
  }

  /** Waits until clients who trust this get in, at these nodes and no other. */
  private static void awaitVisits(Kind kind, SslContext trust, Set<String> ids) {
    await(ids + " get clients from " + kind)
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              try (Crowd crowd = crowd(kind, trust)) {
                crowd.join(10, TlsPassThroughE2E::stranger);
                return crowd.byNode().keySet().equals(ids);
              }
            });
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_STREAM", "HAPROXY_TCP_TLS"})
  void clientsSpeakTlsWithTheNodesWhichKnowTheirAddresses(Kind kind) {
    try (Crowd crowd = crowd(kind, certificate.trust())) {
      crowd.join(30, TlsPassThroughE2E::stranger);
      nodes.forEach(node -> crowd.at(node).get(0).say("from " + node.id()));
      crowd.awaitHeard(2);
      assertThat(crowd.refused(4, i -> "127.9.9.9"))
          .hasSizeGreaterThanOrEqualTo(2)
          .allSatisfy(why -> assertThat(why).contains("429"));
    }
  }

  @Test
  void newClientsGetTheNewCertificateOfTheNodesAndTheOthersStay() {
    try (Crowd before = crowd(Kind.HAPROXY_TCP_TLS, certificate.trust())) {
      before.join(10, TlsPassThroughE2E::stranger);
      SslContext former = certificate.trust();
      certificate.renew();
      for (Kind kind : balancers.keySet()) {
        awaitVisits(kind, certificate.trust(), Set.of("a", "b"));
        try (Crowd trusting = crowd(kind, former)) {
          assertThat(trusting.refused(1, TlsPassThroughE2E::stranger)).isNotEmpty();
        }
      }
      before.at(nodes.get(0)).get(0).say("still there");
      before.awaitHeard(1);
    }
  }

  @Test
  void haProxySeesThroughTlsThatANodeDrains() throws Exception {
    assertThat(drain(nodes.get(0), "POST")).isEqualTo(202);
    try {
      awaitVisits(Kind.HAPROXY_TCP_TLS, certificate.trust(), Set.of("b"));
    } finally {
      assertThat(drain(nodes.get(0), "DELETE")).isEqualTo(200);
    }
    awaitVisits(Kind.HAPROXY_TCP_TLS, certificate.trust(), Set.of("a", "b"));
    awaitVisits(Kind.NGINX_STREAM, certificate.trust(), Set.of("a", "b"));
  }

  private static int drain(NodeProcess node, String method)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(node.control("/actuator/drain"))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build(),
            BodyHandlers.discarding())
        .statusCode();
  }
}

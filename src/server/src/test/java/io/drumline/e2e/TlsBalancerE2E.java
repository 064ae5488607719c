package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.e2e.Balancer.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.openqa.selenium.chrome.ChromeDriver;

/** TLS that ends at nginx and at HAProxy, with the files that operators get, before two nodes. */
final class TlsBalancerE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Map<Kind, Balancer> balancers = new EnumMap<>(Kind.class);
  private static RedisProcess redis;
  private static List<NodeProcess> nodes;

  private static String stranger(int i) {
    return "127.1.1." + (1 + i);
  }

  @BeforeAll
  static void startCluster() {
    redis = new RedisProcess();
    nodes =
        Stream.of("a", "b")
            .map(
                id ->
                    NodeProcess.clustered(
                        id, redis, "--drumline.listener.trusted-proxies=127.0.0.1"))
            .toList();
    nodes.forEach(NodeProcess::ready);
    for (Kind kind : List.of(Kind.NGINX_TLS, Kind.HAPROXY_TLS)) {
      balancers.put(kind, Balancer.startBefore(kind, ports()));
      Crowd.awaitVisits(nodes, balancers.get(kind), TlsBalancerE2E::stranger);
    }
  }

  /** The files have three. */
  private static List<Integer> ports() {
    int second = nodes.get(1).clientPort();
    return List.of(nodes.get(0).clientPort(), second, second);
  }

  @AfterAll
  static void stopCluster() {
    balancers.values().forEach(Balancer::close);
    nodes.forEach(NodeProcess::close);
    redis.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_TLS", "HAPROXY_TLS"})
  void clientsOfAllNodesHearAllByTls(Kind kind) {
    try (Crowd crowd = new Crowd(balancers.get(kind))) {
      crowd.join(40, TlsBalancerE2E::stranger);
      assertThat(crowd.byNode()).hasSize(2);
      nodes.forEach(node -> crowd.at(node).get(0).say("from " + node.id()));
      crowd.awaitHeard(2);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_TLS", "HAPROXY_TLS"})
  void offersHttp11OnlyAndTls13(Kind kind) throws Exception {
    try (SSLSocket socket = connect(balancers.get(kind), "h2", "http/1.1")) {
      socket.startHandshake();
      assertThat(socket.getApplicationProtocol()).isEqualTo("http/1.1");
      assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
    }
  }

  /** A client that trusts the balancer's certificate only. */
  private static SSLSocket connect(Balancer balancer, String... protocols) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("it", balancer.certificate().shown());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    InetAddress here = InetAddress.getLoopbackAddress();
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(here, balancer.port());
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(protocols);
    socket.setSSLParameters(parameters);
    return socket;
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_TLS", "HAPROXY_TLS"})
  void tellsTheNodeWhoTheClientIsAndThatItCameByTls(Kind kind) {
    try (StandIn node = new StandIn();
        Balancer balancer =
            Balancer.startBefore(kind, List.of(node.port(), node.port(), node.port()));
        Crowd crowd = new Crowd(balancer)) {
      assertThat(crowd.refused(1, i -> "127.9.9.9")).isNotEmpty();
      List<String> lines = node.request().toLowerCase(Locale.ROOT).lines().toList();
      assertThat(lines)
          .contains(
              "get /ws http/1.1",
              "host: 127.0.0.1:" + balancer.port(),
              "upgrade: websocket",
              "connection: upgrade",
              "x-forwarded-proto: https")
          .filteredOn(line -> line.startsWith("x-forwarded-for:"))
          .last()
          .asString()
          .endsWith("127.9.9.9");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NGINX_TLS", "HAPROXY_TLS"})
  void aReloadTakesANewCertificateAndLeavesThoseWhoAreThere(Kind kind) {
    try (Balancer balancer = Balancer.startBefore(kind, ports());
        Crowd old = new Crowd(balancer)) {
      old.join(10, TlsBalancerE2E::stranger);
      balancer.certificate().renew();
      Set<ProcessHandle> workers = balancer.reload();
      await("the new certificate is shown")
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> Crowd.visit(balancer, TlsBalancerE2E::stranger).size() == 2);
      old.at(nodes.get(0)).get(0).say("still there");
      old.awaitHeard(1);
      assertThat(workers).anyMatch(ProcessHandle::isAlive);
    }
  }

  /** As shipped, and with HTTP/2 offered to browsers as the files say that it may be. */
  @ParameterizedTest
  @CsvSource({
    "NGINX_TLS, http/1.1, ,",
    "NGINX_TLS, h2, '443 ssl ', '443 ssl http2 '",
    "HAPROXY_TLS, http/1.1, ,",
    "HAPROXY_TLS, h2, alpn http/1.1, 'alpn h2,http/1.1'"
  })
  void browsersConnectFromPagesOfTheSameHostOnly(
      Kind kind, String protocol, String line, String changed) throws Exception {
    UnaryOperator<String> change =
        line == null ? UnaryOperator.identity() : text -> text.replace(line, changed);
    try (Balancer balancer = Balancer.startBefore(kind, ports(), change)) {
      ChromeDriver browser =
          Browser.start(
              "--ignore-certificate-errors-spki-list="
                  + keyOf(balancer)
                  + ','
                  + keyOf(balancers.get(kind)));
      try {
        String url = "wss://localhost:" + balancer.port() + "/ws";
        browser.get("https://localhost:" + balancer.port() + "/healthz");
        assertThat(fetched(browser)).isEqualTo(protocol);
        assertThat(connects(browser, url)).startsWith("CONNECTED");
        if (kind == Kind.HAPROXY_TLS && protocol.equals("h2")) { // RFC 8441, which nginx lacks
          await("the log tells of it").until(() -> balancer.output().contains("/ws HTTP/2.0"));
        }

        browser.get("https://localhost:" + balancers.get(kind).port() + "/healthz"); // another port
        assertThat(connects(browser, url)).startsWith("CONNECTED");
        browser.get("https://127.0.0.1:" + balancer.port() + "/healthz"); // another host
        assertThat(connects(browser, url)).isEqualTo("refused");
      } finally {
        browser.quit();
      }
    }
  }

  /** How the page's browser fetches what is there, once it has a connection. */
  private static String fetched(ChromeDriver browser) {
    return (String)
        browser.executeAsyncScript(
            "const [done] = arguments;fetch('/healthz').then(answer => answer.text()).then(() =>"
                + " done(performance.getEntriesByName(location.origin +"
                + " '/healthz')[0].nextHopProtocol));");
  }

  private static String keyOf(Balancer balancer) throws Exception {
    byte[] key = balancer.certificate().shown().getPublicKey().getEncoded();
    return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
  }

  /** Has the page open a WebSocket, connect, and leave; the first frame that came. */
  private static String connects(ChromeDriver browser, String url) {
    return (String)
        browser.executeAsyncScript(
            "const [url, done] = arguments;"
                + "const socket = new WebSocket(url, 'v12.stomp');"
                + "socket.onopen = () => socket.send("
                + "'CONNECT\\naccept-version:1.2\\nhost:h\\n\\n\\0');"
                + "socket.onmessage = message => { socket.close(); done(message.data); };"
                + "socket.onerror = () => done('refused');",
            url);
  }

  /** Who changes one must change the other. */
  @ParameterizedTest
  @CsvSource({
    "nginx/nginx.conf, nginx/nginx-tls.conf",
    "haproxy/haproxy.cfg, haproxy/haproxy-tls.cfg",
    "haproxy/tcp-proxy-protocol.cfg, haproxy/tcp-proxy-protocol-tls.cfg"
  })
  void theFilesWithTlsAreTheOthersButForWhatIsMarked(String plain, String tls) throws Exception {
    List<String> rest = new ArrayList<>();
    boolean marked = false;
    for (String line : settings(tls)) {
      marked |= line.strip().equals("# TLS");
      if (!marked) {
        rest.add(line);
      }
      marked &= !line.strip().equals("# end of TLS");
    }
    assertThat(rest).isNotEmpty();
    assertThat(settings(plain).stream().filter(line -> !rest.contains(line)))
        .allSatisfy(line -> assertThat(line).containsPattern("listen 80|bind :80|default-server"));
    assertThat(settings(plain)).containsSubsequence(rest);
  }

  /** The lines behind the file's own comment. */
  private static List<String> settings(String file) throws IOException {
    return Files.readAllLines(Path.of("deploy").resolve(file)).stream()
        .dropWhile(line -> !line.isBlank())
        .filter(line -> !line.isBlank())
        .toList();
  }
}

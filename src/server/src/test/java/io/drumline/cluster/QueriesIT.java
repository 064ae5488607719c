package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.helm.Queries;
import io.drumline.testing.StompClient;
import io.drumline.testing.redis.TestRedis;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.File;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Alerts and dashboard ask only for what a node exports. */
class QueriesIT {
  private static final Pattern SERIES = Pattern.compile("(?m)^([a-z]\\w*)[{ ]");

  @Test
  void alertsAndDashboardNameOnlyMetricsThatANodeExports() throws Exception {
    Set<String> asked =
        Stream.concat(
                Queries.alerts().stream().map(Queries.Alert::expression),
                Queries.panels().stream().map(Queries.Query::expression))
            .flatMap(expression -> Queries.metricsOf(expression).stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(asked).hasSizeGreaterThan(40).contains("drumline_connections");
    asked.remove("up"); // Prometheus' own
    X509Bundle certificate =
        new CertificateBuilder()
            .subject("CN=localhost")
            .setIsCertificateAuthority(true)
            .buildSelfSigned();
    File chain = certificate.toTempCertChainPem();
    File key = certificate.toTempPrivateKeyPem();
    try (Node node =
        Node.on(
            TestRedis.url(),
            "spring.ssl.bundle.pem.web.keystore.certificate=" + chain,
            "spring.ssl.bundle.pem.web.keystore.private-key=" + key,
            // Nobody is there: fetches fail, and are counted.
            "drumline.security.jwt.jwks-uri=http://127.0.0.1:1/keys",
            "drumline.security.jwt.issuer=https://id.example.org",
            "drumline.security.jwt.audience=chat",
            "drumline.security.rules[0].pattern=/topic/**",
            "drumline.security.rules[0].send=anyone",
            "drumline.security.rules[0].subscribe=anyone")) {
      try (StompClient client = node.client()) {
        client.subscribe("s", "/topic/queries");
        client.publish("/topic/queries", "hello");
        client.expectMessage("hello");
      }
      System.gc();
      Node.patiently().untilAsserted(() -> assertThat(series(node.scrape())).containsAll(asked));
    }
  }

  private static Set<String> series(String scrape) {
    return SERIES
        .matcher(scrape)
        .results()
        .map(line -> line.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}

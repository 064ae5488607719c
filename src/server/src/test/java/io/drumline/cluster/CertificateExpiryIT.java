package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node tells when the certificates of its SSL bundles end, of those in use now. */
class CertificateExpiryIT {
  private static final String SERIES = "ssl_chain_expiry_seconds{";

  @TempDir private Path directory;

  @Test
  void theTimeLeftOfACertificateIsAMetricAndARenewedOneTakesItsPlace() throws Exception {
    write(Duration.ofDays(5));
    try (Node node =
        Node.alone(
            "spring.ssl.bundle.pem.web.keystore.certificate=" + directory.resolve("chain.pem"),
            "spring.ssl.bundle.pem.web.keystore.private-key=" + directory.resolve("key.pem"),
            "spring.ssl.bundle.pem.web.reload-on-update=true",
            "spring.ssl.bundle.watch.file.quiet-period=200ms")) {
      assertThat(series(node))
          .singleElement()
          .satisfies(
              line -> {
                assertThat(line).contains("bundle=\"web\"", "source=\"keystore\"");
                assertThat(left(line)).isBetween(Duration.ofDays(4), Duration.ofDays(5));
              });
      write(Duration.ofDays(60));
      Node.patiently()
          .untilAsserted(
              () ->
                  assertThat(series(node))
                      .singleElement()
                      .satisfies(
                          line ->
                              assertThat(left(line))
                                  .isBetween(Duration.ofDays(59), Duration.ofDays(60))));
    }
  }

  private void write(Duration validity) throws Exception {
    X509Bundle certificate =
        new CertificateBuilder()
            .subject("CN=localhost")
            .setIsCertificateAuthority(true)
            .notBefore(Instant.now().minus(Duration.ofDays(1)))
            .notAfter(Instant.now().plus(validity))
            .buildSelfSigned();
    Files.writeString(directory.resolve("key.pem"), certificate.getPrivateKeyPEM());
    Files.writeString(directory.resolve("chain.pem"), certificate.getCertificatePathPEM());
  }

  private static List<String> series(Node node) {
    return node.scrape().lines().filter(line -> line.startsWith(SERIES)).toList();
  }

  private static Duration left(String line) {
    return Duration.ofSeconds((long) Double.parseDouble(line.substring(line.lastIndexOf(' '))));
  }
}

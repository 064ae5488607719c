package io.drumline.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.RawWebSocket;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

class TlsTest {
  private static final X509Bundle FIRST = certificate("first");
  private static final X509Bundle SECOND = certificate("second");

  private final DefaultSslBundleRegistry bundles =
      new DefaultSslBundleRegistry("web", bundle(FIRST));
  private TestListener listener =
      new TestListener(bundles, "ssl-bundle", "web", "handshake-timeout", "2s");

  @AfterEach
  void stop() {
    listener.close();
  }

  private static X509Bundle certificate(String name) {
    try {
      return new CertificateBuilder()
          .subject("CN=" + name)
          .addSanDnsName("localhost")
          .setIsCertificateAuthority(true)
          .buildSelfSigned();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static SslBundle bundle(X509Bundle certificate) {
    PemSslStoreDetails store =
        PemSslStoreDetails.forCertificate(certificate.getCertificatePathPEM())
            .withPrivateKey(certificate.getPrivateKeyPEM());
    return SslBundle.of(new PemSslStoreBundle(store, null));
  }

  /** A client that trusts one certificate only. */
  private SSLSocket connect(X509Bundle trusted, String... protocols) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("it", trusted.getCertificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    SSLSocket socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), listener.port());
    socket.setSoTimeout(10_000);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(protocols);
    socket.setSSLParameters(parameters);
    return socket;
  }

  private static String upgrade(SSLSocket socket) throws IOException {
    String request =
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            + RawWebSocket.KEY
            + "\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
        .readLine();
  }

  @Test
  void upgradesOverTlsAndAgreesOnHttp11() throws Exception {
    try (SSLSocket socket = connect(FIRST, "h2", "http/1.1")) {
      assertThat(upgrade(socket)).startsWith("HTTP/1.1 101 ");
      assertThat(socket.getApplicationProtocol()).isEqualTo("http/1.1");
      assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
    }
  }

  @Test
  void needsNoProtocolNegotiation() throws Exception {
    try (SSLSocket socket = connect(FIRST)) {
      assertThat(upgrade(socket)).startsWith("HTTP/1.1 101 ");
    }
  }

  @Test
  void refusesWhoSpeaksHttp2Only() throws Exception {
    try (SSLSocket socket = connect(FIRST, "h2")) {
      assertThatThrownBy(socket::startHandshake)
          .isInstanceOf(SSLHandshakeException.class)
          .hasMessageContaining("no_application_protocol");
    }
    await().untilAsserted(() -> assertThat(listener.failed("tls")).isEqualTo(1));
  }

  @Test
  void takesAReloadedCertificateForNewConnections() throws Exception {
    try (SSLSocket before = connect(FIRST)) {
      assertThat(upgrade(before)).startsWith("HTTP/1.1 101 ");
      bundles.updateBundle("web", bundle(SECOND));
      try (SSLSocket after = connect(SECOND)) {
        assertThat(upgrade(after)).startsWith("HTTP/1.1 101 ");
        Certificate shown = after.getSession().getPeerCertificates()[0];
        assertThat(shown).isEqualTo(SECOND.getCertificate());
      }
      before.getOutputStream().write(RawWebSocket.encode(0x89, true, new byte[0]));
      assertThat(before.getInputStream().read()).isNotNegative();
    }
  }

  @Test
  void keepsTheOldCertificateWhereTheNewOneCannotBeUsed() throws Exception {
    bundles.updateBundle("web", SslBundle.of(null));
    try (SSLSocket socket = connect(FIRST)) {
      assertThat(upgrade(socket)).startsWith("HTTP/1.1 101 ");
    }
  }

  @Test
  void doesNotRepeatAHandshakeForAClient() throws Exception {
    try (SSLSocket socket = connect(FIRST)) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"}); // 1.3 knows no such thing
      assertThat(upgrade(socket)).startsWith("HTTP/1.1 101 ");
      assertThatThrownBy(
              () -> {
                socket.startHandshake();
                socket.getInputStream().readAllBytes();
              })
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void hangsUpOnWhoDoesNotFinishTheHandshake() throws Exception {
    listener.close();
    listener = new TestListener(bundles, "ssl-bundle", "web", "handshake-timeout", "200ms");
    try (RawWebSocket silent = RawWebSocket.open(listener.port());
        RawWebSocket half = RawWebSocket.open(listener.port())) {
      half.raw(new byte[] {0x16, 3, 1, 2, 0, 1});
      assertThat(silent.ended()).isTrue();
      assertThat(half.ended()).isTrue();
    }
  }

  @Test
  void refusesPlainHttpAndOldProtocols() throws Exception {
    try (RawWebSocket plain = RawWebSocket.open(listener.port())) {
      plain.raw("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(plain.ended()).isTrue();
    }
    await().untilAsserted(() -> assertThat(listener.failed("tls")).isEqualTo(1));
    try (SSLSocket old = connect(FIRST)) {
      old.setEnabledProtocols(new String[] {"TLSv1.1"});
      assertThatThrownBy(old::startHandshake).isInstanceOf(SSLException.class);
    }
  }

  @Test
  void readsAProxyHeaderBeforeTls() throws Exception {
    listener.close();
    listener =
        new TestListener(
            bundles, "ssl-bundle", "web", "trusted-proxies", "127.0.0.1", "proxy-protocol", "true");
    try (RawWebSocket socket = RawWebSocket.open(listener.port())) {
      socket.raw("PROXY TCP4 203.0.113.1 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\n\r\n");
      assertThat(socket.ended()).isTrue();
    }
    await().untilAsserted(() -> assertThat(listener.failed("tls")).isEqualTo(1));
    assertThat(listener.failed("proxy")).isZero();
  }

  @Test
  void namesABundleThatIsNotThere() {
    assertThatThrownBy(() -> new TestListener("ssl-bundle", "nowhere").close())
        .isInstanceOf(CannotListenException.class)
        .hasMessage(
            "drumline.listener.ssl-bundle is nowhere,"
                + " but there is no such bundle in spring.ssl.bundle.");
  }
}

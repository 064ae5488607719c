package io.drumline.listener;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.RawWebSocket.Request;
import io.drumline.testing.RawWebSocket.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Who gets a socket, and who is turned away before the upgrade. */
class AdmissionTest {
  private static final String LOOPBACK = "127.0.0.0/8";
  private static final String V2 = "\r\n\r\n\0\r\nQUIT\n";

  private final List<RawWebSocket> open = new ArrayList<>();
  private TestListener listener = new TestListener();

  @AfterEach
  void stop() throws IOException {
    for (RawWebSocket socket : open) {
      socket.close();
    }
    listener.close();
  }

  private void restart(String... settings) throws IOException {
    stop();
    listener = new TestListener(settings);
  }

  private Request request() {
    return RawWebSocket.to(listener.port());
  }

  private int status(String header, String value) throws IOException {
    return request().header(header, value).refused().status();
  }

  /** Opens a socket behind a proxy that says this. */
  private int forwarded(String... values) throws IOException {
    Request request = request();
    for (String value : values) {
      request.header("X-Forwarded-For", value);
    }
    return upgrade(request, new byte[0]);
  }

  private int proxied(byte[] header) throws IOException {
    return upgrade(request(), header);
  }

  /** Asks for the upgrade behind these bytes; leaves the socket open. */
  private int upgrade(Request request, byte[] before) throws IOException {
    RawWebSocket socket = RawWebSocket.open(listener.port());
    open.add(socket);
    socket.raw(before);
    socket.raw(request.head());
    return socket.response().status();
  }

  private static byte[] v1(String rest) {
    return ("PROXY " + rest + "\r\n").getBytes(US_ASCII);
  }

  /** A binary header for TCP over IPv4 with this source. */
  private static byte[] v2(int command, int... source) {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.writeBytes(V2.getBytes(US_ASCII));
    header.writeBytes(new byte[] {(byte) (0x20 | command), 0x11, 0, 12});
    for (int b : source) {
      header.write(b);
    }
    header.writeBytes(new byte[] {127, 0, 0, 1, 0x12, 0x34, 0x1F, (byte) 0x90});
    return header.toByteArray();
  }

  /**
   * The browser tells its page nothing, so the log must name the setting; a flood of them, once.
   */
  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void tellsTheOperatorWhichOriginWasRefused(CapturedOutput output) throws IOException {
    assertThat(status("Origin", "https://evil.example")).isEqualTo(403);
    assertThat(status("Origin", "https://evil.example")).isEqualTo(403);
    String line = "A page of origin 'https://evil.example' may not connect (it asked host '";
    assertThat(output.getAll().split(Pattern.quote(line), -1)).hasSize(2);
    assertThat(output).contains("drumline.security.allowed-origins");
  }

  @Test
  void refusesPagesOfOtherHosts() throws IOException {
    Response response = request().header("Origin", "https://evil.example").refused();
    assertThat(response.status()).isEqualTo(403);
    assertThat(response.headers()).doesNotContainKey("retry-after");
    assertThat(response.body()).isEqualTo("Pages of this origin may not connect here.\n");
    assertThat(listener.upgrades("origin")).isEqualTo(1);
    assertThat(status("Origin", "null")).isEqualTo(403);
    assertThat(status("Origin", "http://localhost:9999")).isEqualTo(101);
  }

  @Test
  void turnsThoseAwayWhoComeTooFast() throws IOException {
    restart("connects-per-second", "1");
    request().connect().close();
    Response response = request().refused();
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.header("Retry-After")).matches("[1-9][0-9]*");
    assertThat(listener.upgrades("too_fast")).isEqualTo(1);
    await().until(() -> request().refused().status() == 101);
  }

  @Test
  void asksACrowdToComeBackAtDifferentTimes() throws IOException {
    restart("connects-per-second", "1");
    Set<Integer> seconds = new HashSet<>();
    await()
        .until(
            () -> {
              Response response = request().refused();
              if (response.status() == 503) {
                seconds.add(Integer.valueOf(response.header("Retry-After")));
              }
              return seconds.size() >= 5; // more than a few would be told
            });
    assertThat(seconds).allMatch(each -> each >= 1 && each <= 30);
  }

  @Test
  void limitsTheSocketsOfAnAddressUntilOneLeaves() throws IOException {
    restart("max-connections-per-address", "2");
    RawWebSocket first = request().connect();
    open.add(first);
    open.add(request().connect());
    Response response = request().refused();
    assertThat(response.status()).isEqualTo(429);
    assertThat(response.headers()).containsKey("retry-after");
    assertThat(listener.upgrades("address_full")).isEqualTo(1);
    first.close();
    await().until(() -> request().refused().status() == 101);
  }

  @Test
  void believesForwardedAddressesOfTrustedProxiesOnly() throws IOException {
    restart("max-connections-per-address", "1");
    assertThat(forwarded("203.0.113.1")).isEqualTo(101);
    assertThat(forwarded("203.0.113.2")).isEqualTo(429);

    restart("max-connections-per-address", "1", "trusted-proxies", LOOPBACK);
    assertThat(forwarded("203.0.113.1")).isEqualTo(101);
    assertThat(forwarded("203.0.113.2")).isEqualTo(101);
    assertThat(forwarded("203.0.113.2")).isEqualTo(429);
    // what the client itself put there does not count, in one line or in two
    assertThat(forwarded("198.51.100.7, 203.0.113.2")).isEqualTo(429);
    assertThat(forwarded("198.51.100.7", "203.0.113.2")).isEqualTo(429);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TCP4 203.0.113.9 127.0.0.1 4660 8080",
        "TCP6 2001:db8::9 ::1 4660 8080",
      })
  void readsTheTextHeaderOfATrustedProxy(String header) throws IOException {
    restart(
        "max-connections-per-address", "1", "trusted-proxies", LOOPBACK, "proxy-protocol", "true");
    assertThat(proxied(v1("TCP4 203.0.113.1 127.0.0.1 4660 8080"))).isEqualTo(101);
    assertThat(proxied(v1(header))).isEqualTo(101);
    assertThat(proxied(v1(header))).isEqualTo(429);
  }

  @Test
  void readsTheBinaryHeaderOfATrustedProxy() throws IOException {
    restart(
        "max-connections-per-address", "1", "trusted-proxies", LOOPBACK, "proxy-protocol", "true");
    assertThat(proxied(v2(1, 203, 0, 113, 1))).isEqualTo(101);
    assertThat(proxied(v2(1, 203, 0, 113, 2))).isEqualTo(101);
    assertThat(proxied(v2(1, 203, 0, 113, 2))).isEqualTo(429);
  }

  @Test
  void countsANetworkOfOneIpv6CustomerAsOneAddress() throws IOException {
    restart(
        "max-connections-per-address", "1", "trusted-proxies", LOOPBACK, "proxy-protocol", "true");
    assertThat(proxied(v1("TCP6 2001:db8:0:1::1 ::1 1 2"))).isEqualTo(101);
    assertThat(proxied(v1("TCP6 2001:db8:0:1:ffff::2 ::1 1 2"))).isEqualTo(429);
    assertThat(proxied(v1("TCP6 2001:db8:0:2::1 ::1 1 2"))).isEqualTo(101);
  }

  @Test
  void letsATrustedProxySpeakForItself() throws IOException {
    restart("trusted-proxies", LOOPBACK, "proxy-protocol", "true");
    assertThat(proxied(v1("UNKNOWN"))).isEqualTo(101);
    assertThat(proxied(v2(0, 203, 0, 113, 1))).isEqualTo(101);
  }

  @Test
  void hangsUpOnATrustedProxyWithoutAHeader() throws IOException {
    restart("trusted-proxies", LOOPBACK, "proxy-protocol", "true");
    for (String begin : List.of("GET /healthz HTTP/1.1\r\n\r\n", "PROXY TCP4 x y z\r\n")) {
      try (RawWebSocket socket = RawWebSocket.open(listener.port())) {
        socket.raw(begin);
        assertThat(socket.ended()).isTrue();
      }
    }
    await().untilAsserted(() -> assertThat(listener.failed("proxy")).isEqualTo(2));
  }

  @Test
  void takesAHeaderOfAnybodyElseForABadRequest() throws IOException {
    assertThat(proxied(v1("TCP4 203.0.113.1 127.0.0.1 1 2"))).isEqualTo(400);
    restart("trusted-proxies", "192.0.2.1", "proxy-protocol", "true");
    assertThat(proxied(v1("TCP4 203.0.113.1 127.0.0.1 1 2"))).isEqualTo(400);
    assertThat(proxied(new byte[0])).isEqualTo(101);
  }

  @Test
  void closesTheOldestOfTooManyThatSendNoRequest() throws IOException {
    restart("max-handshakes", "2");
    RawWebSocket upgraded = request().connect();
    open.add(upgraded);
    RawWebSocket oldest = RawWebSocket.open(listener.port());
    open.add(oldest);
    oldest.raw("GET /ws");
    for (int i = 0; i < 2; i++) {
      open.add(RawWebSocket.open(listener.port()));
    }
    assertThat(oldest.ended()).isTrue();
    await().untilAsserted(() -> assertThat(listener.failed("displaced")).isEqualTo(1));
    assertThat(request().refused().status()).isEqualTo(101); // whoever is in earnest gets in
    upgraded.frame(RawWebSocket.FIN | RawWebSocket.PING, true, new byte[0]);
    assertThat(upgraded.next().opcode()).isEqualTo(RawWebSocket.PONG);
  }

  @Test
  void hangsUpOnWhoSendsTheRequestByteByByte() throws IOException {
    restart("handshake-timeout", "300ms");
    try (RawWebSocket slow = RawWebSocket.open(listener.port())) {
      slow.raw("GET /ws HTTP/1.1\r\n");
      await()
          .until(
              () -> {
                try {
                  slow.raw("x"); // a sign of life does not move the deadline
                  return false;
                } catch (IOException closed) {
                  return true;
                }
              });
    }
    assertThat(listener.failed("timeout")).isEqualTo(1);
  }
}

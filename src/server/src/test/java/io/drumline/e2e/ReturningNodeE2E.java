package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.e2e.Balancer.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A node that was away gets clients again, though the sockets of the others never end. */
final class ReturningNodeE2E {
  private static final String UPGRADE =
      """
      GET /ws HTTP/1.1\r
      Host: localhost\r
      Connection: Upgrade\r
      Upgrade: websocket\r
      Sec-WebSocket-Version: 13\r
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
      \r
      """;

  private static final int CLIENTS = 30;
  private static final int NODES = 3;

  @ParameterizedTest
  @EnumSource(names = {"NGINX_ROUND_ROBIN", "NGINX_LEAST_CONN", "HAPROXY_LEASTCONN"})
  void itGetsItsShareThoughNoSocketEnds(Kind kind) throws IOException {
    try (StandIn back = new StandIn();
        StandIn second = new StandIn();
        StandIn third = new StandIn();
        Balancer balancer =
            Balancer.startBefore(kind, List.of(back.port(), second.port(), third.port()));
        Sockets sockets = new Sockets(balancer.port())) {
      back.drain();
      second.serveClients();
      third.serveClients();
      sockets.open(CLIENTS);
      assertThat(back.clients()).as("clients that were passed on").isPositive();

      back.serveClients();
      await("the balancer tries the node again")
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                sockets.open(1);
                return back.guests() > 0;
              });
      sockets.open(CLIENTS);
      assertThat(back.guests()).isGreaterThanOrEqualTo(CLIENTS / NODES);
    }
  }

  /** Clients that stay. */
  private static final class Sockets implements AutoCloseable {
    private final int port;
    private final List<Socket> open = new ArrayList<>();

    private Sockets(int port) {
      this.port = port;
    }

    private void open(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        open.add(socket);
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(UPGRADE.getBytes(StandardCharsets.ISO_8859_1));
        BufferedReader answer =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
        assertThat(answer.readLine()).isEqualTo("HTTP/1.1 101 Switching Protocols");
      }
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }
}

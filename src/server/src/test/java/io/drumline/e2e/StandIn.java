package io.drumline.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands in for a node behind a balancer, and counts the clients that it is sent. At first it
 * refuses them with 503, as a node does that is full, while health checks find it well.
 */
final class StandIn implements AutoCloseable {
  private static final String ANSWER =
      "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

  /** The answer to the key of RFC 6455's example: HAProxy looks at it. */
  private static final String UPGRADE =
      """
      HTTP/1.1 101 Switching Protocols\r
      Upgrade: websocket\r
      Connection: Upgrade\r
      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
      \r
      """;

  private static final int MOST_BYTES = 4096;

  private enum State {
    /** 503 for clients, 200 for health checks. */
    FULL,
    /** 503 for all. */
    DRAINING,
    /** Clients are upgraded, and stay. */
    SERVING
  }

  private final ServerSocket server;
  private final AtomicInteger clients = new AtomicInteger();
  private final List<Socket> guests = new CopyOnWriteArrayList<>();
  private volatile State state = State.FULL;
  private volatile String request = "";

  StandIn() {
    try {
      server = new ServerSocket(RunningProgram.freePort(), 128, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread thread = new Thread(this::serve, "stand-in");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  /** How many clients were sent to it. */
  int clients() {
    return clients.get();
  }

  /** What the last client has sent: its request, as the balancer passes it on. */
  String request() {
    return request;
  }

  /** Health checks get 503, too. */
  void drain() {
    state = State.DRAINING;
  }

  /** Clients get in, and stay until this is closed. */
  void serveClients() {
    state = State.SERVING;
  }

  /** How many clients got in. */
  int guests() {
    return guests.size();
  }

  private void serve() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        boolean stays = false;
        try {
          stays = answer(socket);
        } finally {
          if (!stays) {
            socket.close();
          }
        }
      } catch (IOException next) {
        // that one has gone, or this is closed
      }
    }
  }

  /** Answers a request; whether its socket stays open. */
  private boolean answer(Socket socket) throws IOException {
    socket.setSoTimeout(1000);
    StringBuilder head = new StringBuilder();
    byte[] buffer = new byte[MOST_BYTES];
    while (head.indexOf("\r\n\r\n") < 0) {
      int read = socket.getInputStream().read(buffer);
      if (read < 0) {
        break;
      }
      head.append(new String(buffer, 0, read, StandardCharsets.ISO_8859_1));
    }
    boolean client = head.indexOf("GET /ws ") >= 0; // all else are health checks
    if (client) {
      request = head.toString();
      clients.incrementAndGet();
    }
    State now = state;
    if (client && now == State.SERVING) {
      guests.add(socket);
      write(socket, UPGRADE);
      return true;
    }
    boolean well = !client && now != State.DRAINING;
    write(socket, ANSWER.formatted(well ? "200 OK" : "503 Service Unavailable"));
    return false;
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket guest : guests) {
        guest.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

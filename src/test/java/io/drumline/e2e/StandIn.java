package io.drumline.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands where a balancer believes a node, refuses all clients with 503, as a node does that
 * drains, is full or lost its Redis, and counts those that it is sent. Health checks find it well
 * until it is told to drain.
 */
final class StandIn implements AutoCloseable {
  private static final String ANSWER =
      "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  private static final int MOST_OCTETS = 4096;

  private final ServerSocket server;
  private final AtomicInteger clients = new AtomicInteger();
  private volatile boolean well = true;
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
    well = false;
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        socket.setSoTimeout(1000);
        StringBuilder head = new StringBuilder();
        byte[] buffer = new byte[MOST_OCTETS];
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
        String status = client || !well ? "503 Service Unavailable" : "200 OK";
        socket
            .getOutputStream()
            .write(ANSWER.formatted(status).getBytes(StandardCharsets.ISO_8859_1));
      } catch (IOException next) {
        // that one has gone, or this is closed
      }
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

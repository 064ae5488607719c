package io.drumline.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A TCP proxy on loopback that can fall silent: connections stay, and nothing comes back through
 * them any more.
 */
public final class TcpProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final Queue<Pair> pairs = new ConcurrentLinkedQueue<>();

  public TcpProxy(int target) {
    this.target = target;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    spawn(this::accept);
  }

  public String url() {
    return "redis://127.0.0.1:" + listener.getLocalPort();
  }

  /** Swallows all answers on the connections of now whose client has sent {@code word}. */
  public int silence(String word) {
    int silenced = 0;
    for (Pair pair : pairs) {
      if (pair.sent.contains(word)) {
        pair.silent = true;
        silenced++;
      }
    }
    return silenced;
  }

  @Override
  public void close() {
    closeQuietly(listener);
    pairs.forEach(Pair::close);
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Pair pair = new Pair(client, new Socket(InetAddress.getLoopbackAddress(), target));
        pairs.add(pair);
        spawn(pair::upstream);
        spawn(pair::downstream);
      }
    } catch (IOException e) {
      pairs.forEach(Pair::close);
    }
  }

  private static void spawn(Runnable task) {
    Thread thread = new Thread(task, "tcp-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Pair {
    final Socket client;
    final Socket server;
    volatile String sent = "";
    volatile boolean silent;

    Pair(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void upstream() {
      copy(client, server, true);
    }

    void downstream() {
      copy(server, client, false);
    }

    private void copy(Socket from, Socket to, boolean up) {
      byte[] buffer = new byte[8192];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int n; (n = in.read(buffer)) > 0; ) {
          if (up && sent.length() < 4096) {
            sent = sent.concat(new String(buffer, 0, n, ISO_8859_1).toUpperCase(Locale.ROOT));
          }
          if (up || !silent) {
            out.write(buffer, 0, n);
          }
        }
      } catch (IOException e) {
        // One side is gone: so is the other, below.
      } finally {
        close();
      }
    }

    void close() {
      closeQuietly(client);
      closeQuietly(server);
    }
  }
}

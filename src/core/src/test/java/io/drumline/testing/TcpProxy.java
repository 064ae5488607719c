package io.drumline.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A TCP proxy on loopback that can fall silent (connections stay, and nothing comes back through
 * them any more) and can lead to another server.
 */
public final class TcpProxy implements AutoCloseable {
  private final ServerSocket listener;
  private volatile int target;
  private volatile boolean held;
  private volatile long heardAt = System.nanoTime();
  private final Queue<Pair> pairs = new ConcurrentLinkedQueue<>();
  private final Queue<Pair> keptBack = new ConcurrentLinkedQueue<>();
  private final AtomicReference<@Nullable String> silenceNext = new AtomicReference<>();
  private final AtomicReference<@Nullable String> swallowNext = new AtomicReference<>();

  public TcpProxy(int target) {
    this.target = target;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    spawn(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  public String url() {
    return "redis://127.0.0.1:" + port();
  }

  /** Swallows the next bytes from the server that contain {@code word}, and no others. */
  public void swallowNext(String word) {
    swallowNext.set(word);
  }

  /** Whether what {@link #swallowNext} waits for has come. */
  public boolean hasSwallowed() {
    return swallowNext.get() == null;
  }

  /** Swallows all that clients send: what the server was asked before is still answered. */
  public void hold() {
    held = true;
  }

  /** Whether no server has sent anything for so long. */
  public boolean quietFor(Duration time) {
    return System.nanoTime() - heardAt > time.toNanos();
  }

  /** Cuts all connections; new ones lead to another port. Ends {@link #hold}. */
  public void switchTo(int port) {
    target = port;
    pairs.forEach(Pair::close);
    held = false;
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

  /** Cuts the connections whose answers are swallowed, and no others. */
  public void cutSilenced() {
    pairs.stream().filter(pair -> pair.silent).forEach(Pair::close);
  }

  /**
   * Keeps back all that clients send on the connections of now whose client has sent {@code word},
   * also beyond their end, until {@link #deliverLate}.
   */
  public int keepBack(String word) {
    int kept = 0;
    for (Pair pair : pairs) {
      if (pair.sent.contains(word)) {
        pair.keepBack();
        kept++;
      }
    }
    return kept;
  }

  /** Sends the server what {@link #keepBack} has kept, and then the end of those connections. */
  public void deliverLate() {
    List<Pair> late = List.copyOf(keptBack);
    keptBack.removeAll(late);
    late.forEach(Pair::deliverLate);
  }

  /** Cuts all connections and takes no more. */
  public void cut() {
    closeQuietly(listener);
    pairs.forEach(Pair::close);
  }

  /** Swallows all answers on the next connection that carries {@code word}, from then on. */
  public void silenceNext(String word) {
    silenceNext.set(word);
  }

  @Override
  public void close() {
    cut();
  }

  private void accept() {
    try {
      while (true) {
        connect(listener.accept());
      }
    } catch (IOException e) {
      pairs.forEach(Pair::close);
    }
  }

  private void connect(Socket client) {
    int port = target;
    Pair pair;
    try {
      pair = new Pair(client, new Socket(InetAddress.getLoopbackAddress(), port));
    } catch (IOException refused) {
      closeQuietly(client);
      return;
    }
    pairs.add(pair);
    spawn(pair::upstream);
    spawn(pair::downstream);
    if (port != target) { // switched meanwhile
      pair.close();
    }
  }

  private static void spawn(Runnable task) {
    Thread thread = new Thread(task, "tcp-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private static boolean strikes(AtomicReference<@Nullable String> next, byte[] bytes, int length) {
    String word = next.get();
    return word != null
        && new String(bytes, 0, length, ISO_8859_1).contains(word)
        && next.compareAndSet(word, null);
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private final class Pair {
    final Socket client;
    final Socket server;
    volatile String sent = "";
    volatile boolean silent;

    /** What the client has sent and the server has not got; null where nothing is kept back. */
    private @Nullable ByteArrayOutputStream late;

    Pair(Socket client, Socket server) throws IOException {
      this.client = client;
      this.server = server;
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
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
          if (!up) {
            heardAt = System.nanoTime();
          }
          silent |= up && strikes(silenceNext, buffer, n);
          boolean swallowed =
              up ? held || keepsBack(buffer, n) : silent || strikes(swallowNext, buffer, n);
          if (!swallowed) {
            out.write(buffer, 0, n);
          }
        }
      } catch (IOException e) {
        // One side is gone: so is the other, below.
      } finally {
        close();
      }
    }

    synchronized void keepBack() {
      late = new ByteArrayOutputStream();
      keptBack.add(this);
    }

    private synchronized boolean keepsBack(byte[] bytes, int length) {
      if (late == null) {
        return false;
      }
      late.write(bytes, 0, length);
      return true;
    }

    synchronized void deliverLate() {
      if (late == null) {
        return;
      }
      try {
        late.writeTo(server.getOutputStream());
        server.shutdownOutput();
        server.getInputStream().readAllBytes(); // until the server has taken all of it
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        late = null;
        close();
      }
    }

    synchronized void close() {
      pairs.remove(this);
      closeQuietly(client);
      if (late == null) {
        closeQuietly(server);
      }
    }
  }
}

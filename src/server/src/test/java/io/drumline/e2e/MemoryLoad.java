package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Clients of a node that is short of memory: readers that stall, subscribers that read all, and a
 * publisher that waits for each RECEIPT. All have continuity, and resume when they are cut off.
 */
final class MemoryLoad implements AutoCloseable {
  static final String PASSCODE = "secret";

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration NOTHING_THERE = Duration.ofMillis(5);
  private static final int SMALL_WINDOW = 4096;

  private final int port;
  private final List<Reader> stalled = new ArrayList<>();
  private final List<Reader> healthy = new ArrayList<>();
  private final List<CompletableFuture<Void>> running = new ArrayList<>();
  private volatile boolean over;

  /** Which of the messages 1, 2, … to a destination a client was given, and what it was told. */
  final class Reader {
    final String destination;
    private final @Nullable String login;
    private final String id;
    private final int window;
    private final TreeSet<Integer> received = new TreeSet<>();
    private RawWebSocket socket;
    private String position = "*";
    private long missed;
    private int gaps;
    private int doubled;
    private int cutOff;

    Reader(@Nullable String login, String destination, String id, int window) throws IOException {
      this.login = login;
      this.destination = destination;
      this.id = id;
      this.window = window;
      socket = open(login, window);
      subscribe();
      take(socket.next(PATIENCE));
    }

    private void subscribe() throws IOException {
      socket.text(
          "SUBSCRIBE\nid:"
              + id
              + "\ndestination:"
              + destination
              + "\nresume-after:"
              + position
              + "\nreceipt:s\n\n\0");
    }

    /** Reads what is there; comes back if it was cut off, at the next time if it cannot now. */
    synchronized void read(Duration patience) {
      try {
        Optional<RawWebSocket.Frame> frame = socket.poll(patience);
        while (frame.isPresent()) {
          take(frame.get());
          frame = socket.poll(patience);
        }
        if (!over && socket.ended(Duration.ZERO)) {
          socket.close();
          socket = open(login, window);
          cutOff++;
          subscribe();
        }
      } catch (NotNow e) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void take(RawWebSocket.Frame frame) {
      String text = frame.opcode() == RawWebSocket.TEXT ? frame.text() : "";
      if (text.startsWith("RECEIPT") && position.equals("*")) {
        position = header(text, "position");
      } else if (text.startsWith("ERROR")) {
        throw new AssertionError(text);
      } else if (text.startsWith("MESSAGE")) {
        position = header(text, "message-id");
        if (text.contains("\ndrumline-event:gap\n")) {
          gaps++;
          missed += Long.parseLong(header(text, "drumline-missed"));
        } else {
          int begin = text.indexOf("\n\n") + 2;
          int number = Integer.parseInt(text.substring(begin, text.indexOf('|', begin)));
          if (!received.isEmpty() && number <= received.last()) {
            doubled++;
          }
          received.add(number);
        }
      }
    }

    private static String header(String frame, String name) {
      int begin = frame.indexOf('\n' + name + ':') + name.length() + 2;
      return frame.substring(begin, frame.indexOf('\n', begin));
    }

    synchronized int received() {
      return received.size();
    }

    synchronized long missed() {
      return missed;
    }

    synchronized int gaps() {
      return gaps;
    }

    synchronized int doubled() {
      return doubled;
    }

    synchronized int cutOff() {
      return cutOff;
    }

    /** Whether it has been given, or told that it misses, all of so many messages. */
    synchronized boolean knowsOf(int count) {
      return received.size() + missed >= count;
    }

    private synchronized void close() {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  MemoryLoad(int port) {
    this.port = port;
  }

  /** A client that does not read before {@link #wake}. */
  void stall(@Nullable String login, String destination, String id) throws IOException {
    stalled.add(new Reader(login, destination, id, SMALL_WINDOW));
  }

  /** A subscriber that reads all. */
  void healthy(@Nullable String login, String destination) throws IOException {
    Reader reader = new Reader(login, destination, "h", 0);
    healthy.add(reader);
    start(() -> reader.read(Duration.ofMillis(100)));
  }

  /** From now on, those that stalled read what is there each time that so long has passed. */
  void wake(Duration stalling, int threads) {
    for (int i = 0; i < threads; i++) {
      int first = i;
      start(
          () -> {
            long begun = System.nanoTime();
            for (int each = first; each < stalled.size() && !over; each += threads) {
              stalled.get(each).read(NOTHING_THERE);
            }
            LockSupport.parkNanos(stalling.toNanos() - (System.nanoTime() - begun));
          });
    }
  }

  private void start(Runnable step) {
    running.add(
        CompletableFuture.runAsync(
            () -> {
              while (!over) {
                step.run();
              }
            },
            task -> {
              Thread thread = new Thread(task, "memory-load");
              thread.setDaemon(true);
              thread.start();
            }));
  }

  List<Reader> stalled() {
    return stalled;
  }

  List<Reader> healthy() {
    return healthy;
  }

  /**
   * Publishes messages 1 to {@code count}, each to one destination after the other.
   *
   * @param perSecond of each; 0 for as fast as they are accepted
   * @return the numbers of those that were refused
   */
  Set<Integer> publish(
      @Nullable String login, List<String> destinations, int count, int bytes, int perSecond)
      throws IOException {
    Set<Integer> refused = new TreeSet<>();
    String filling = "x".repeat(bytes);
    long begun = System.nanoTime();
    try (RawWebSocket socket = open(login, 0)) {
      for (int i = 1; i <= count; i++) {
        long due = perSecond == 0 ? begun : begun + (i - 1) * 1_000_000_000L / perSecond;
        for (long left; (left = due - System.nanoTime()) > 0; ) {
          LockSupport.parkNanos(left);
        }
        for (String destination : destinations) {
          socket.text(
              "SEND\ndestination:" + destination + "\nreceipt:r\n\n" + i + "|" + filling + "\0");
        }
        for (int answers = 0; answers < destinations.size(); answers++) {
          if (!socket.next(PATIENCE).text().startsWith("RECEIPT")) {
            refused.add(i);
          }
        }
        failures();
      }
    }
    return refused;
  }

  /** Waits until all know of so many messages; those that stalled read now, unless they do. */
  void awaitAll(int count, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    for (Reader reader : stalled) {
      while (!reader.knowsOf(count) && System.nanoTime() < deadline) {
        reader.read(NOTHING_THERE);
      }
    }
    awaitHealthy(count, Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
  }

  /** Waits until those that read all know of so many messages. */
  void awaitHealthy(int count, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!healthy.stream().allMatch(each -> each.knowsOf(count))
        && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    failures();
  }

  void assertHealthyMissNothing(int messages) {
    assertThat(healthy)
        .allSatisfy(
            each -> {
              assertThat(each.received()).isEqualTo(messages);
              assertThat(each.doubled()).isZero();
              assertThat(each.gaps()).isZero();
            });
  }

  /** A client that failed fails the test. */
  private void failures() {
    running.stream().filter(CompletableFuture::isDone).forEach(CompletableFuture::join);
  }

  private RawWebSocket open(@Nullable String login, int receiveBuffer) throws IOException {
    RawWebSocket.Request request = RawWebSocket.to(port).protocols("v12.stomp");
    if (receiveBuffer > 0) {
      request.receiveBuffer(receiveBuffer);
    }
    RawWebSocket socket = connect(request).answerPings();
    String credentials = login == null ? "" : "login:" + login + "\npasscode:" + PASSCODE + "\n";
    socket.text("CONNECT\naccept-version:1.2\nhost:a\nheart-beat:0,0\n" + credentials + "\n\0");
    String answer = socket.poll(PATIENCE).map(RawWebSocket.Frame::text).orElse("nothing");
    if (!answer.startsWith("CONNECTED")) {
      socket.close();
      throw new NotNow(answer);
    }
    return socket;
  }

  private static RawWebSocket connect(RawWebSocket.Request request) throws IOException {
    try {
      return request.connect();
    } catch (AssertionError e) { // on a machine that is too slow
      throw new NotNow(String.valueOf(e.getMessage()));
    }
  }

  /** A node did not take a client. */
  private static final class NotNow extends IOException {
    @Serial private static final long serialVersionUID = 1;

    NotNow(String answer) {
      super("Not connected: " + answer);
    }
  }

  @Override
  public void close() {
    over = true;
    stalled.forEach(Reader::close);
    healthy.forEach(Reader::close);
  }
}

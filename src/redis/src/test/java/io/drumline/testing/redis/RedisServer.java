package io.drumline.testing.redis;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;

/**
 * A private {@code redis-server} process on a port of loopback, for tests that break it. It keeps
 * its port and its directory from one start to the next; without arguments for persistence it
 * restarts empty.
 */
public final class RedisServer implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(20);
  private static final List<Path> LIBFAKETIME =
      List.of(
          Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
          Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"));

  // Test JVMs that run side by side take ports of a range of their own.
  private static final int PORTS = 10_000 / Integer.getInteger("test.forks", 1);
  private static final int FIRST_PORT = 12_000 + (Integer.getInteger("test.fork", 1) - 1) * PORTS;
  private static final AtomicInteger NEXT_PORT =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(PORTS));

  private final Path executable;
  private final List<String> arguments;
  private final List<String> configuration;
  private final Path directory;
  private final int port;
  private Map<String, String> environment = Map.of();
  private @Nullable Process process;

  private RedisServer(
      Path executable, int port, List<String> configuration, List<String> arguments) {
    this.executable = executable;
    this.port = port;
    this.configuration = configuration;
    this.arguments = arguments;
    try {
      directory = Files.createTempDirectory("drumline-redis");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A server that runs, with arguments such as {@code --appendonly yes}. */
  public static RedisServer start(String... arguments) {
    RedisServer server = stopped(arguments);
    server.restart();
    return server;
  }

  /**
   * The installed server, with a clock that {@link #setClock} sets, by libfaketime; skips the test
   * where either is missing.
   */
  public static RedisServer withClock(String... arguments) {
    Optional<Path> library = LIBFAKETIME.stream().filter(Files::exists).findFirst();
    assumeTrue(library.isPresent() && onPath().isPresent(), "needs libfaketime and redis-server");
    RedisServer server = stopped(arguments);
    server.environment =
        Map.of(
            "LD_PRELOAD",
            library.orElseThrow() + ":libc.so.6", // before jemalloc, with which it does not start
            "FAKETIME_TIMESTAMP_FILE",
            server.directory.resolve("clock").toString(),
            "FAKETIME_NO_CACHE",
            "1",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1");
    server.setClock(Duration.ZERO);
    server.restart();
    return server;
  }

  /** Sets the clock so far ahead, and waits until it is. */
  public void setClock(Duration ahead) {
    try {
      Path next = Files.writeString(directory.resolve("clock.new"), "+" + ahead.toSeconds() + "s");
      Files.move(next, directory.resolve("clock"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (process != null) {
      await().atMost(START_TIMEOUT).until(() -> isAhead(ahead));
    }
  }

  private boolean isAhead(Duration ahead) {
    long time =
        TestRedis.with(url(), connection -> Long.parseLong(connection.sync().time().get(0)));
    Duration difference = Duration.between(Instant.now(), Instant.ofEpochSecond(time));
    return difference.minus(ahead).abs().compareTo(Duration.ofSeconds(3)) < 0;
  }

  /** A server that has a port, but does not run yet. */
  public static RedisServer stopped(String... arguments) {
    return new RedisServer(executable(), freePort(), List.of(), Arrays.asList(arguments));
  }

  /** The oldest that is supported, Redis 6.2, whatever is installed; it runs. */
  public static RedisServer oldest(String... arguments) {
    RedisServer server =
        new RedisServer(Bundled.executable(), freePort(), List.of(), Arrays.asList(arguments));
    server.restart();
    return server;
  }

  /** A Sentinel that runs, with lines of its configuration. */
  public static RedisServer sentinel(String... configuration) {
    RedisServer server =
        new RedisServer(
            executable(), freePort(), Arrays.asList(configuration), List.of("--sentinel"));
    server.restart();
    return server;
  }

  /** Starts the server where it does not run, after ending it where it does. */
  public void restart() {
    kill();
    List<String> command = new ArrayList<>();
    command.add(executable.toString());
    if (!configuration.isEmpty()) {
      command.add(written().toString()); // goes before all others
    }
    command.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
    command.addAll(List.of("--dir", directory.toString(), "--daemonize", "no"));
    if (configuration.isEmpty()) {
      command.addAll(List.of("--save", ""));
    }
    command.addAll(arguments);
    File log = directory.resolve("redis.log").toFile();
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log));
      builder.environment().putAll(environment);
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    await().atMost(START_TIMEOUT).pollInterval(Duration.ofMillis(20)).until(this::answers);
  }

  /** Forgets what was saved: the next start is without it. */
  public void forgetSaved() {
    try {
      Files.deleteIfExists(directory.resolve("dump.rdb"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the process at once (SIGKILL). */
  public void kill() {
    if (process != null) {
      process.destroyForcibly();
      join(process);
      process = null;
    }
  }

  /** Ends the process in order (SIGTERM): it saves what it is told to keep. */
  public void stop() {
    if (process != null) {
      process.destroy();
      join(process);
      process = null;
    }
  }

  /** Stops the process where it is (SIGSTOP): connections stay, nothing answers. */
  public void pause() {
    signal("-STOP");
  }

  /** Lets a paused process go on (SIGCONT). */
  public void resume() {
    signal("-CONT");
  }

  public int port() {
    return port;
  }

  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  @Override
  public void close() {
    kill();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void signal(String signal) {
    if (process == null) {
      throw new IllegalStateException("Redis does not run.");
    }
    try {
      join(new ProcessBuilder("kill", signal, Long.toString(process.pid())).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void join(Process process) {
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while a process ended.", e);
    }
  }

  private boolean answers() {
    if (process == null || !process.isAlive()) {
      throw new IllegalStateException("redis-server ended: " + log());
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      socket.setSoTimeout(1000);
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
      return answer.equals("+PONG") || answer.equals("-NOAU"); // not -LOADING
    } catch (IOException e) {
      return false;
    }
  }

  /** The configuration, in a file that the server may write to. */
  private Path written() {
    try {
      return Files.write(directory.resolve("redis.conf"), configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("redis.log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A port below those that the system hands out, each in its turn: no other socket of the tests
   * takes it before the server does. A cluster's bus is 10,000 above it, which is below those, too,
   * and no server's.
   */
  public static int freePort() {
    while (true) {
      int port = FIRST_PORT + Math.floorMod(NEXT_PORT.getAndIncrement(), PORTS);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException taken) {
        // another one, then
      }
    }
  }

  /** Whether it can do TLS; the bundled one cannot. */
  public static boolean knowsTls() {
    return onPath().isPresent();
  }

  /** From the PATH, else the one that embedded-redis brings. */
  private static Path executable() {
    return onPath().orElseGet(Bundled::executable);
  }

  private static Optional<Path> onPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, "redis-server"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static final class Bundled {
    private static final Path EXECUTABLE = extract();

    static Path executable() {
      return EXECUTABLE;
    }

    private static Path extract() {
      try {
        return ExecutableProvider.newJarResourceProvider().get().toPath();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

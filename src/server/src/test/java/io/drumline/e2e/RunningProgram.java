package io.drumline.e2e;

import static org.awaitility.Awaitility.await;

import io.drumline.testing.redis.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process of a test: its output goes to a file below {@code target/e2e}, and it ends with it. */
final class RunningProgram implements AutoCloseable {
  private static final Path LOGS = Path.of("target", "e2e").toAbsolutePath();

  private final String name;
  private final Process process;
  private final Path log;

  private RunningProgram(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  static RunningProgram start(String name, List<String> command) {
    return start(name, new ProcessBuilder(command));
  }

  /** Starts it as it was prepared, but for its output. */
  static RunningProgram start(String name, ProcessBuilder prepared) {
    try {
      Path log = Files.createTempFile(Files.createDirectories(LOGS), name + '-', ".log");
      Process process = prepared.redirectErrorStream(true).redirectOutput(log.toFile()).start();
      return new RunningProgram(name, process, log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A directory for one test's files. */
  static Path directory(String name) {
    try {
      return Files.createTempDirectory(Files.createDirectories(LOGS), name + '-');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A TCP port of the loopback interface that nobody listens on at the moment. */
  static int freePort() {
    return RedisServer.freePort();
  }

  /** Waits until the program listens on the port. */
  RunningProgram listening(int port) {
    await(name + " listens on port " + port)
        .atMost(Duration.ofMinutes(1))
        .until(() -> running() && accepts(port));
    return this;
  }

  boolean ended() {
    return !process.isAlive();
  }

  long pid() {
    return process.pid();
  }

  /** True; fails with the end of the log where the program has ended by itself. */
  boolean running() {
    if (!process.isAlive()) {
      throw new AssertionError(
          name + " ended with " + process.exitValue() + ":\n" + String.join("\n", logTail()));
    }
    return true;
  }

  /** The same with five minutes. */
  int awaitEnd() {
    return awaitExit(Duration.ofMinutes(5));
  }

  /** All that it has printed so far. */
  String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a signal, such as {@code STOP}. */
  void signal(String signal) {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("Interrupted while sending a signal.", e);
    }
  }

  /** SIGKILL: the program gets no chance to say good-bye. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** Waits for its end; fails with the end of the log where it does not come. */
  int awaitExit(Duration patience) {
    try {
      if (process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        return process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new AssertionError(name + " has not ended:\n" + String.join("\n", logTail()));
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (process.waitFor(10, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    kill();
  }

  private List<String> logTail() {
    List<String> lines = output().lines().toList();
    return lines.subList(Math.max(0, lines.size() - 40), lines.size());
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException refused) {
      return false;
    }
  }
}

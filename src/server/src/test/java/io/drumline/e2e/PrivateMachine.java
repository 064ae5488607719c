package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A loopback interface of its own, where all ports are free, and this work tree under its own path
 * but with changes that nobody else sees and that are gone with it: Linux namespaces and an
 * overlay. What runs here runs as in a fresh clone on a machine that has nothing else to do.
 */
final class PrivateMachine implements AutoCloseable {
  private static final Path TREE = Path.of("").toAbsolutePath();
  private static final String READY = "The machine is ready.";

  /** Brings the loopback interface up (0x8914 is SIOCSIFFLAGS), and lays the overlay. */
  private static final String SET_UP =
      """
      set -e
      python3 -c "import fcntl, socket, struct
      fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 0x49))"
      mount -t tmpfs tmpfs %1$s
      mkdir %1$s/upper %1$s/work
      mount -t overlay overlay -o lowerdir=%2$s,upperdir=%1$s/upper,workdir=%1$s/work %2$s
      echo "%3$s"
      exec sleep infinity
      """;

  private final RunningProgram namespaces;
  private final List<RunningProgram> programs = new ArrayList<>();

  PrivateMachine() {
    try {
      String script = SET_UP.formatted(Files.createTempDirectory("drumline-overlay"), TREE, READY);
      List<String> command = new ArrayList<>(List.of("unshare", "--net", "--mount"));
      if (!isRoot()) {
        command.add("--map-root-user");
      }
      command.addAll(List.of("bash", "-c", script));
      namespaces = RunningProgram.start("machine", command);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    await("namespaces for the commands of the documents")
        .atMost(Duration.ofSeconds(20))
        .until(() -> isReady() || namespaces.ended());
    assumeTrue(
        isReady(),
        () ->
            "Commands of documents need namespaces and an overlay: Linux, as root or with user"
                + " namespaces; here: "
                + namespaces.output());
  }

  private boolean isReady() {
    return namespaces.output().contains(READY);
  }

  /** Starts a command as a shell reads it, in the root of the work tree. */
  RunningProgram start(String command) {
    List<String> entered =
        new ArrayList<>(
            List.of("nsenter", "--target", Long.toString(namespaces.pid()), "--net", "--mount"));
    if (!isRoot()) {
      entered.addAll(List.of("--user", "--preserve-credentials"));
    }
    entered.addAll(List.of("bash", "-c", "cd '" + TREE + "'\n" + command));
    ProcessBuilder prepared = new ProcessBuilder(entered);
    // Faster starts; what is compiled well matters to long runs only.
    prepared.environment().put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    RunningProgram program = RunningProgram.start("command", prepared);
    programs.add(program);
    return program;
  }

  /** Runs a command to its end, which must be a success; what it has printed. */
  String run(String command) {
    RunningProgram program = start(command);
    assertThat(program.awaitExit(Duration.ofMinutes(1)))
        .as("%s: %s", command, program.output())
        .isZero();
    return program.output();
  }

  /** Waits until a page answers with this text, while the program runs that should serve it. */
  void awaitPage(RunningProgram server, String url, String text) {
    awaitAnswer(server, "curl -sf --max-time 5 " + url, text);
  }

  /** Waits until the client is answered with this text, while its server runs. */
  void awaitAnswer(RunningProgram server, String client, String text) {
    await(client + " says " + text)
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(300))
        .until(
            () -> {
              RunningProgram asked = start(client);
              programs.remove(asked);
              asked.awaitExit(Duration.ofSeconds(20));
              return server.running() && asked.output().contains(text);
            });
  }

  /** The process of a program's Java. */
  long javaOf(RunningProgram program) {
    return family(program)
        .filter(each -> each.info().command().orElse("").endsWith("/java"))
        .findFirst()
        .orElseThrow()
        .pid();
  }

  /** Ends a program with all that it has started. */
  void stop(RunningProgram program) {
    List<ProcessHandle> family = family(program).toList();
    family.forEach(ProcessHandle::destroyForcibly);
    family.forEach(each -> each.onExit().join());
    programs.remove(program);
  }

  private static Stream<ProcessHandle> family(RunningProgram program) {
    return ProcessHandle.of(program.pid()).stream()
        .flatMap(root -> Stream.concat(Stream.of(root), root.descendants()));
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  @Override
  public void close() {
    List.copyOf(programs).forEach(this::stop);
    namespaces.close();
  }
}

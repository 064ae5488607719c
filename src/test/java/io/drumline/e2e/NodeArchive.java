package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The classes of a node as JVMs share them (CDS), made by the first test that starts a node: a
 * third of the CPU of a start is loading them. Only where Maven has built the jar, as a JVM
 * archives no classes of folders.
 */
final class NodeArchive {
  private static final List<String> OPTIONS = options();

  private NodeArchive() {}

  /** The class path, and the archive where there is one. */
  static List<String> javaOptions() {
    return OPTIONS;
  }

  private static List<String> options() {
    String built = System.getProperty("test.node-jar", "");
    if (built.isEmpty()) {
      return List.of("-cp", String.join(File.pathSeparator, entries().toList()));
    }
    Path jar = Path.of(built);
    String classPath =
        Stream.concat(Stream.of(built), entries().filter(entry -> entry.endsWith(".jar")))
            .collect(Collectors.joining(File.pathSeparator));
    Path archive = jar.resolveSibling("node.jsa");
    try (FileChannel channel =
            FileChannel.open(
                jar.resolveSibling("node.jsa.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      assertThat(held.isValid()).isTrue();
      if (!Files.exists(archive)
          || Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) < 0) {
        make(archive, classPath);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return List.of("-XX:SharedArchiveFile=" + archive, "-cp", classPath);
  }

  private static void make(Path archive, String classPath) throws IOException {
    Path part = archive.resolveSibling("node.jsa.part");
    Files.deleteIfExists(part);
    List<String> command = new ArrayList<>(List.of(NodeProcess.java()));
    command.addAll(NodeProcess.JVM);
    command.addAll(List.of("-XX:ArchiveClassesAtExit=" + part, "-Dspring.context.exit=onRefresh"));
    command.addAll(List.of("-cp", classPath, "io.drumline.DrumlineApplication"));
    command.addAll(List.of("--drumline.listener.port=0", "--server.port=0"));
    RunningProgram node = RunningProgram.start("archive", command);
    assertThat(node.awaitExit(Duration.ofMinutes(3))).as(node.output()).isZero();
    Files.move(part, archive, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Stream<String> entries() {
    String own =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Stream.of(own.split(File.pathSeparator))
        .filter(entry -> !entry.endsWith("test-classes"));
  }
}

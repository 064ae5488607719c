package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
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
    String classPath = String.join(File.pathSeparator, production(jar));
    Path archive = jar.resolveSibling("node.jsa");
    try (FileChannel channel =
            FileChannel.open(
                jar.resolveSibling("node.jsa.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      assertThat(held.isValid()).isTrue();
      if (!Files.exists(archive) || isOlder(archive, classPath)) {
        make(archive, classPath);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return List.of("-XX:SharedArchiveFile=" + archive, "-cp", classPath);
  }

  /** The jar with the libraries that are shipped with it: each more makes a start slower. */
  private static List<String> production(Path jar) {
    try (JarFile executable = new JarFile(Path.of("target", "drumline.jar").toFile())) {
      Set<String> libraries =
          executable.stream()
              .map(JarEntry::getName)
              .filter(name -> name.startsWith("BOOT-INF/lib/"))
              .map(name -> name.substring(name.lastIndexOf('/') + 1))
              .collect(Collectors.toSet());
      return Stream.concat(
              Stream.of(jar.toString()),
              entries()
                  .filter(entry -> libraries.contains(Path.of(entry).getFileName().toString())))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isOlder(Path archive, String classPath) throws IOException {
    FileTime made = Files.getLastModifiedTime(archive);
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      if (Files.getLastModifiedTime(Path.of(entry)).compareTo(made) > 0) {
        return true;
      }
    }
    return false;
  }

  /** By a node of a cluster that has had a client, so that none of what tests use is missing. */
  private static void make(Path archive, String classPath) throws IOException {
    Path part = archive.resolveSibling("node.jsa.part");
    Files.deleteIfExists(part);
    try (RedisProcess redis = new RedisProcess();
        NodeProcess node =
            NodeProcess.ofClasses(
                List.of("-XX:ArchiveClassesAtExit=" + part, "-cp", classPath), redis)) {
      node.ready();
      try (StompClient client =
          StompClient.open(node.clientPort(), StompClient.Carriage.TEXT, "v12.stomp")
              .connect("1.2")) {
        client.subscribe("1", "/topic/archive");
        client.publishConfirmed("/topic/archive", "{}");
        client.expect("MESSAGE");
      }
      assertThat(node.upgrades()).isPositive(); // no await: its thread would wait for this class
      node.terminate();
      assertThat(node.awaitExit(Duration.ofMinutes(3))).isZero();
    }
    Files.move(part, archive, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Stream<String> entries() {
    String own =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Stream.of(own.split(File.pathSeparator))
        .filter(entry -> !entry.endsWith("test-classes") && !entry.endsWith("-tests.jar"));
  }
}

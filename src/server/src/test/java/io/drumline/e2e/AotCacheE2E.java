package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.drumline.deploy.Dockerfile;
import io.drumline.deploy.Dockerfile.Copy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The steps of the Dockerfile, in a directory instead of an image, with the JDK 25 that is here:
 * its copies, its training, its check and its entry point.
 */
final class AotCacheE2E {
  private static final Path SCRIPTS = Path.of("deploy", "docker").toAbsolutePath();
  private static final String COMPACT = "-XX:+UseCompactObjectHeaders";

  private static Path java;
  private static Path app;

  @BeforeAll
  static void trainTheCache() throws IOException {
    Path home = java25();
    assumeThat(home)
        .as("no JDK 25: set JAVA25_HOME, or install one below /usr/lib/jvm")
        .isNotNull();
    java = home.resolve("bin");
    Path jar = Path.of("target", "drumline.jar").toAbsolutePath();
    assertThat(jar).as("the packaged jar: run ./mvnw package").exists();
    Path directory = RunningProgram.directory("image");
    app = Files.createDirectory(directory.resolve("app"));
    Path layers = directory.resolve("layers");

    succeeds(Map.of(), SCRIPTS.resolve("layers.sh"), jar, layers);
    for (Copy copy : Dockerfile.read().stage("node").copies()) {
      for (String source : copy.sources()) {
        Path from =
            copy.from().equals("build")
                ? layers.resolve(Path.of("/build/layers").relativize(Path.of(source)))
                : Path.of(source).toAbsolutePath();
        // As COPY does: a directory's content, with the times that the cache remembers.
        succeeds(Map.of(), "cp", "-a", Files.isDirectory(from) ? from.resolve(".") : from, app);
      }
    }
    succeeds(Map.of(), SCRIPTS.resolve("train.sh"), app, RunningProgram.freePort());
  }

  @Test
  void theNodeStartsFromTheCache() {
    assertThat(succeeds(Map.of(), SCRIPTS.resolve("check.sh"), app))
        .containsPattern("\\d{5} classes come from the AOT cache");
  }

  @Test
  void theCacheIsUsedInASmallContainerToo() {
    String small = "-XX:ActiveProcessorCount=1 -XX:MaxRAM=512m";
    succeeds(Map.of("JAVA_TOOL_OPTIONS", small), SCRIPTS.resolve("check.sh"), app);
  }

  @Test
  void anotherOptionThanInTheTrainingIsNoticed() throws IOException {
    Path changed = app.resolveSibling("changed");
    succeeds(Map.of(), "cp", "-a", app, changed);
    Path options = changed.resolve("jvm.options");
    String trained = Files.readString(options);
    assertThat(trained).contains(COMPACT);
    Files.writeString(options, trained.replace(COMPACT, COMPACT.replace('+', '-')));

    RunningProgram check = run(Map.of(), SCRIPTS.resolve("check.sh"), changed);
    assertThat(check.awaitEnd()).isEqualTo(1);
    assertThat(check.output()).contains("UseCompactObjectHeaders", "The AOT cache cannot be used.");
  }

  @Test
  void theEntryPointStartsAHealthyNodeThatEndsWhenAskedTo() {
    Map<String, String> settings =
        Map.of(
            "SERVER_PORT",
            String.valueOf(RunningProgram.freePort()),
            "DRUMLINE_LISTENER_PORT",
            "0");
    Object[] health = {app.resolve("health.sh")};
    try (RunningProgram node = run(settings, Dockerfile.read().entryPoint().toArray())) {
      await("the node is ready")
          .atMost(Duration.ofMinutes(2))
          .until(() -> node.running() && node.output().contains("clients on port"));
      succeeds(settings, health);

      node.signal("TERM");
      assertThat(node.awaitEnd()).isZero();
      assertThat(node.output()).contains("epoll transport").doesNotContain("WARN");
      assertThat(run(settings, health).awaitEnd()).isEqualTo(1);
    }
  }

  /** Runs a command in the image's directory, to its end; hands back what it printed. */
  private static String succeeds(Map<String, String> environment, Object... command) {
    RunningProgram program = run(environment, command);
    assertThat(program.awaitEnd()).as(program.output()).isZero();
    return program.output();
  }

  private static RunningProgram run(Map<String, String> environment, Object... command) {
    List<String> words = new ArrayList<>(Arrays.stream(command).map(String::valueOf).toList());
    if (words.get(0).equals("java")) {
      words.set(0, java.resolve("java").toString());
    }
    ProcessBuilder prepared = new ProcessBuilder(words).directory(app.toFile());
    prepared.environment().putAll(environment);
    prepared
        .environment()
        .merge(
            "PATH",
            java + ":" + Programs.REDIS.path().getParent(),
            (old, ours) -> ours + ":" + old);
    return RunningProgram.start("image-" + Path.of(words.get(0)).getFileName(), prepared);
  }

  private static @Nullable Path java25() throws IOException {
    String given = System.getProperty("JAVA25_HOME", System.getenv("JAVA25_HOME"));
    if (given != null) {
      return Path.of(given);
    }
    Path all = Path.of("/usr/lib/jvm");
    if (!Files.isDirectory(all)) {
      return null;
    }
    try (Stream<Path> homes = Files.list(all)) {
      return homes.filter(AotCacheE2E::isJdk25).findFirst().orElse(null);
    }
  }

  private static boolean isJdk25(Path home) {
    try {
      return Files.isExecutable(home.resolve("bin/jar"))
          && Files.readString(home.resolve("release")).contains("JAVA_VERSION=\"25");
    } catch (IOException none) {
      return false;
    }
  }
}

package io.drumline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.deploy.Dockerfile.Copy;
import io.drumline.deploy.Dockerfile.Instruction;
import io.drumline.deploy.Dockerfile.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the Dockerfile promises, as far as it can be seen without building it. */
final class DockerfileTest {
  private final Dockerfile file = Dockerfile.read();

  @Test
  void takesOneBuildOfJavaForAllStagesAndNamesIt() {
    Set<String> names = file.stages().stream().map(Stage::name).collect(Collectors.toSet());
    Set<String> tags =
        file.stages().stream()
            .map(Stage::base)
            .filter(base -> !names.contains(base))
            .map(base -> base.replaceFirst("-(jdk|jre)-", "-"))
            .collect(Collectors.toSet());
    assertThat(tags).singleElement().asString().matches("eclipse-temurin:25(\\.\\d+)+_\\d+-\\w+");
  }

  @Test
  void trainsTheCacheInTheImageItIsFor() {
    assertThat(file.last().base()).isEqualTo("node");
    assertThat(file.stage("training").base()).isEqualTo("node");
    assertThat(file.last().copies())
        .contains(new Copy("training", List.of("/app/drumline.aot"), "./"));
  }

  @Test
  void copiesWhatChangesSeldomFirst() {
    List<String> sources =
        file.stage("node").copies().stream().flatMap(copy -> copy.sources().stream()).toList();
    assertThat(sources)
        .containsExactly(
            "/build/layers/native",
            "/build/layers/dependencies",
            "/build/layers/spring-boot-loader",
            "/build/layers/snapshot-dependencies",
            "deploy/docker/jvm.options",
            "deploy/docker/health.sh",
            "/build/layers/application");
  }

  @Test
  void copiesOnlyWhatTheContextHolds() throws IOException {
    List<String> ignored = Files.readAllLines(Path.of(".dockerignore"));
    assertThat(ignored).contains("*");
    List<String> kept =
        ignored.stream()
            .filter(line -> line.startsWith("!"))
            .map(line -> line.substring(1))
            .toList();
    List<String> copied =
        file.stages().stream()
            .flatMap(stage -> stage.copies().stream())
            .filter(copy -> copy.from().isEmpty())
            .flatMap(copy -> copy.sources().stream())
            .toList();
    assertThat(copied)
        .isNotEmpty()
        .allSatisfy(source -> assertThat(Path.of(source)).exists())
        .allSatisfy(
            source ->
                assertThat(kept)
                    .anyMatch(entry -> entry.startsWith(source) || source.startsWith(entry + '/')));
    assertThat(kept).allSatisfy(entry -> assertThat(Path.of(entry)).exists());
  }

  @Test
  void runsAsNobodyByNumber() {
    assertThat(file.last().last("USER")).matches("[1-9]\\d{3,}:[1-9]\\d{3,}");
  }

  @Test
  void runsJavaAsTheFirstProcessWithTheOptionsOfTheTraining() throws IOException {
    List<String> command = file.entryPoint();
    assertThat(command)
        .containsExactly(
            "java", "@jvm.options", "-XX:AOTCache=drumline.aot", "-jar", "drumline.jar");
    assertThat(Files.readString(Path.of("deploy/docker/train.sh")))
        .contains("java @jvm.options -XX:AOTCacheOutput=drumline.aot -jar drumline.jar");
    assertThat(Files.readString(Path.of("deploy/docker/check.sh")))
        .contains("java @jvm.options -XX:AOTCache=drumline.aot");
  }

  @Test
  void checksInTheFinalImageThatTheCacheIsUsed() {
    List<String> keywords = file.last().instructions().stream().map(Instruction::keyword).toList();
    assertThat(file.last().last("RUN")).endsWith("/check.sh /app");
    assertThat(keywords.lastIndexOf("RUN")).isGreaterThan(keywords.lastIndexOf("COPY"));
    assertThat(keywords.lastIndexOf("RUN")).isGreaterThan(keywords.lastIndexOf("USER"));
  }

  @Test
  void knowsWhetherTheNodeIsHealthy() {
    String check = file.last().last("HEALTHCHECK");
    assertThat(Dockerfile.exec(check.substring(check.indexOf('['))))
        .containsExactly("/app/health.sh");
  }

  @Test
  void labelsTheImage() throws IOException {
    String labels = file.last().last("LABEL");
    assertThat(List.of("title", "description", "licenses", "version", "revision", "source"))
        .allSatisfy(name -> assertThat(labels).contains("org.opencontainers.image." + name + "="));
    String version = file.last().of("ARG").findFirst().orElseThrow().arguments();
    assertThat(Files.readString(Path.of("pom.xml")))
        .contains(
            "<artifactId>drumline</artifactId>\n  <version>"
                + version.replace("VERSION=", "")
                + "</version>");
  }

  @Test
  void scriptsAreExecutable() {
    assertThat(List.of("layers", "train", "check", "health"))
        .allSatisfy(name -> assertThat(Path.of("deploy/docker", name + ".sh")).isExecutable());
  }
}

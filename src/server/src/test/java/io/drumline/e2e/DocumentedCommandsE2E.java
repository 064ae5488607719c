package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every command of README.md and of the tutorial does what the text around it says, as written. */
final class DocumentedCommandsE2E {
  private static final Path README = Path.of("README.md");
  private static final Path TUTORIAL = Path.of("docs", "tutorial.md");

  private final PrivateMachine machine = new PrivateMachine();

  @AfterEach
  void stop() {
    machine.close();
  }

  @Test
  void ofTheReadme() throws IOException {
    DocumentedCommands commands = new DocumentedCommands(README);
    RunningProgram first = machine.start(commands.next("./mvnw"));
    machine.awaitPage(first, "http://localhost:8081", "<title>Drumline chat</title>");
    assertBuildsAsCi(commands.next("./mvnw"));
    assertBuildsAsCi(commands.next("./mvnw"));
    assertThat(machine.run(commands.next("curl"))).contains("{\"id\":");
    assertBuildsAsCi(commands.next("./mvnw"));
    machine.stop(first);

    startRedis();
    RunningProgram one = machine.start(commands.next("java"));
    RunningProgram two = machine.start(commands.next("java"));
    machine.awaitPage(one, "http://localhost:8081", "<title>Drumline chat</title>");
    machine.awaitPage(two, "http://localhost:8091", "<title>Drumline chat</title>");
    machine.awaitPage(two, "http://localhost:8091/api/v1/nodes", "8090");
    commands.leaveOut("docker compose up --build", "needs Docker; ComposeE2E runs what it starts");
    commands.end();
  }

  @Test
  void ofTheTutorial() throws IOException {
    DocumentedCommands commands = new DocumentedCommands(TUTORIAL);
    assertBuildsAsCi(commands.next("./mvnw"));
    RunningProgram alone = machine.start(commands.next("java"));
    machine.awaitPage(alone, "http://localhost:8081", "<title>Drumline chat</title>");
    machine.run(commands.next("curl"));
    RunningProgram pages = machine.start(commands.next("python3"));
    machine.awaitPage(pages, "http://localhost:8000/stomp.umd.min.js", "StompJs");
    assertThat(machine.run(commands.next("curl"))).contains("{\"id\":");
    machine.stop(alone);

    startRedis();
    RunningProgram one = machine.start(commands.next("java"));
    RunningProgram two = machine.start(commands.next("java"));
    machine.awaitPage(one, "http://localhost:8081/api/v1/nodes", "\"two\"");
    machine.awaitPage(two, "http://localhost:8091/api/v1/nodes", "\"one\"");
    assertThat(machine.run(commands.next("curl"))).contains("\"one\"", "\"two\"");

    RunningProgram publisher = machine.start(commands.next("for"));
    awaitPublished(publisher, 2);
    String first = Long.toString(machine.javaOf(one));
    assertThat(machine.run(commands.next("jps")).lines()).anyMatch(node -> node.startsWith(first));
    machine.run(commands.next("kill").replace("PID", first));
    await("the first node has ended").atMost(Duration.ofSeconds(20)).until(one::ended);
    awaitPublished(publisher, published(publisher) + 2);
    assertThat(machine.run(commands.next("redis-cli"))).contains("OK");
    commands.end();
  }

  private void startRedis() {
    machine.awaitAnswer(
        machine.start(Programs.REDIS.path() + " --save ''"), "redis-cli ping", "PONG");
  }

  private static void awaitPublished(RunningProgram publisher, int messages) {
    await("messages of the loop")
        .atMost(Duration.ofSeconds(30))
        .until(() -> published(publisher) >= messages);
  }

  private static int published(RunningProgram publisher) {
    return publisher.output().split("\\{\"id\":", -1).length - 1;
  }

  /** A phase of the very build that made the jar of this run: without its tests, at most. */
  private static void assertBuildsAsCi(String command) throws IOException {
    assertThat(Files.readString(Path.of(".ci", "run"))).contains("./mvnw -B -ntp verify -Pe2e");
    assertThat(command)
        .isIn(
            "./mvnw verify",
            "./mvnw package -Dmaven.test.skip",
            "./mvnw install -Dmaven.test.skip");
    assertThat(Path.of("target", "drumline.jar")).exists();
  }
}

package io.drumline.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The STOMP.js that browsers use, in Node.js, against a node; and the page's own logic. */
final class StompJsE2E {
  private static final Path SCRIPTS =
      Path.of("src", "server", "src", "test", "js").toAbsolutePath();
  private static final String WEBJARS = "META-INF/resources/webjars/";

  @TestFactory
  Stream<DynamicTest> stompJsFindsWhatItExpects() throws Exception {
    Path libraries = RunningProgram.directory("stompjs");
    Path stomp = unpack("stomp__stompjs", libraries).resolve("bundles/stomp.umd.js");
    Path ws = unpack("ws", libraries);
    String output;
    // The slower side sets the pace of heart-beats.
    try (NodeProcess node =
        NodeProcess.alone(
                "js",
                "--drumline.stomp.heart-beat-send=1s",
                "--drumline.stomp.heart-beat-receive=1s")
            .ready()) {
      output = run(SCRIPTS.resolve("stompjs.mjs"), stomp, ws, node.webSocket());
    }
    return checks(output);
  }

  /** The snippets of the documents, as they are. */
  @TestFactory
  Stream<DynamicTest> snippetsDoWhatTheDocumentsSay() throws Exception {
    Path libraries = RunningProgram.directory("stompjs");
    Path stomp = unpack("stomp__stompjs", libraries);
    Path ws = unpack("ws", libraries);
    String secret = "of-the-snippets-and-long-enough-for-HS256";
    String output;
    try (NodeProcess node =
        NodeProcess.alone(
                "snippets",
                "--drumline.security.anonymous=true",
                "--drumline.security.jwt.secret=" + secret,
                "--drumline.security.rules[0].pattern=/topic/**",
                "--drumline.security.rules[0].send=anyone",
                "--drumline.security.rules[0].subscribe=anyone",
                "--drumline.destinations[0].pattern=/topic/short",
                "--drumline.destinations[0].history.messages=2")
            .ready()) {
      output = run(SCRIPTS.resolve("snippets.mjs"), stomp, ws, node.webSocket(), secret);
    }
    return checks(output);
  }

  private static Stream<DynamicTest> checks(String output) {
    return new JsonMapper()
        .readValue(output, new TypeReference<Map<String, String>>() {}).entrySet().stream()
            .map(
                check ->
                    DynamicTest.dynamicTest(
                        check.getKey(), () -> assertThat(check.getValue()).isEqualTo("ok")));
  }

  @Test
  void aVanillaClientWithAClientIdMissesNothingWhenItsNodeIsKilled() throws Exception {
    Path libraries = RunningProgram.directory("stompjs");
    Path stomp = unpack("stomp__stompjs", libraries).resolve("bundles/stomp.umd.js");
    Path ws = unpack("ws", libraries);
    try (RedisProcess redis = new RedisProcess();
        NodeProcess first = NodeProcess.clustered("first", redis.url());
        NodeProcess second = NodeProcess.clustered("second", redis.url())) {
      String printed =
          run(
              SCRIPTS.resolve("shared-session.mjs"),
              stomp,
              ws,
              first.ready().webSocket(),
              second.ready().webSocket(),
              first.pid());
      assertThat(printed).isEqualToIgnoringNewLines("ok");
    }
  }

  @Test
  void thePageChoosesEndpointsAndWaits() throws Exception {
    run("--test", SCRIPTS.resolve("endpoints.test.mjs"));
  }

  /** Runs Node.js to its end; hands back what it printed. */
  private static String run(Object... arguments) throws IOException, InterruptedException {
    Stream<String> command =
        Stream.concat(
            Stream.of(Programs.NODE.path().toString()), Stream.of(arguments).map(String::valueOf));
    Path output = Files.createTempFile(RunningProgram.directory("node"), "output-", ".txt");
    Process process =
        new ProcessBuilder(command.toList())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(3, TimeUnit.MINUTES);
      String printed = Files.readString(output, UTF_8);
      assertThat(ended).as("ended in time; it printed: %s", printed).isTrue();
      assertThat(process.exitValue()).as(printed).isZero();
      return printed;
    } finally {
      process.destroyForcibly();
    }
  }

  /** Copies a WebJar's files out of the class path; hands back their directory. */
  private static Path unpack(String webJar, Path target) throws IOException {
    List<Resource> files =
        Stream.of(
                new PathMatchingResourcePatternResolver()
                    .getResources("classpath*:" + WEBJARS + webJar + "/**"))
            .filter(Resource::isReadable)
            .toList();
    assertThat(files).as("the WebJar %s", webJar).isNotEmpty();
    Path root = target.resolve(webJar);
    for (Resource file : files) {
      String url = file.getURL().toString();
      String versioned =
          url.substring(url.indexOf(WEBJARS + webJar) + (WEBJARS + webJar).length() + 1);
      if (!versioned.endsWith("/")) {
        Path copy = root.resolve(versioned.substring(versioned.indexOf('/') + 1));
        Files.createDirectories(copy.getParent());
        Files.write(copy, file.getContentAsByteArray());
      }
    }
    return root;
  }
}

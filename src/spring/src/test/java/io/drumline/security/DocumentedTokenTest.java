package io.drumline.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.security.Authenticator.Anonymous;
import io.drumline.security.Login.Accepted;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of docs/identity-providers.md make a token that a node set up as shown takes. */
final class DocumentedTokenTest {
  private static final Path DOCUMENT = Path.of("docs", "identity-providers.md");
  private static final Pattern SHELL = Pattern.compile("(?ms)^```sh\n(.*?)^```$");
  private static final Pattern SETTING =
      Pattern.compile("--drumline\\.security\\.(jwt\\.[\\w-]+)=(\\S+)");

  @Test
  void theTokenOfTheDocumentIsAnns(@TempDir Path directory) throws Exception {
    List<String> blocks =
        SHELL.matcher(Files.readString(DOCUMENT)).results().map(block -> block.group(1)).toList();
    run(blocks.get(0), directory);

    String key = "file:" + directory.resolve("issuer-public.pem");
    String[] settings =
        SETTING
            .matcher(blocks.get(1).replace("file:issuer-public.pem", key))
            .results()
            .flatMap(setting -> Stream.of(setting.group(1), setting.group(2)))
            .toArray(String[]::new);
    assertThat(settings).contains("jwt.public-key", "jwt.issuer", "jwt.audience");
    String token = Files.readString(directory.resolve("token.txt"));
    try (Authenticator node =
        new Authenticator(Settings.of(settings), Anonymous.REFUSED, new SimpleMeterRegistry())) {
      Login login =
          node.check(new Credentials("Bearer " + token, null, null)).toCompletableFuture().join();
      assertThat(login).isInstanceOf(Accepted.class);
      Identity ann = ((Accepted) login).identity();
      assertThat(ann.name()).isEqualTo("ann");
      assertThat(ann.scopes()).containsExactly("publish");
    }
  }

  private static void run(String commands, Path directory)
      throws IOException, InterruptedException {
    Process shell =
        new ProcessBuilder("bash", "-ec", commands)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(shell.getInputStream().readAllBytes(), UTF_8);
    assertThat(shell.waitFor()).as(output).isZero();
  }
}

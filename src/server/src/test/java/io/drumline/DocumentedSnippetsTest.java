package io.drumline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The JavaScript in README.md and docs/clients.md is that of the files in
 * src/server/src/test/js/snippets, which {@code StompJsE2E} runs against a node.
 */
final class DocumentedSnippetsTest {
  private static final List<Path> DOCUMENTS =
      List.of(Path.of("README.md"), Path.of("docs", "clients.md"));
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```js\n(.*?)^```$");
  private static final Pattern REGION =
      Pattern.compile("(?ms)^// region [\\w-]+\n(.*?)^// endregion$");

  @Test
  void theDocumentsShowWhatATestRuns() throws IOException {
    Set<String> regions = regions();
    for (Path document : DOCUMENTS) {
      Set<String> blocks = found(BLOCK, document);
      assertThat(blocks).as("JavaScript in %s", document).isNotEmpty();
      assertThat(regions)
          .as(
              "regions of src/server/src/test/js/snippets, one of which is each block of %s",
              document)
          .containsAll(blocks);
    }
  }

  @Test
  void everySnippetIsInADocument() throws IOException {
    Set<String> blocks = new TreeSet<>();
    for (Path document : DOCUMENTS) {
      blocks.addAll(found(BLOCK, document));
    }
    assertThat(blocks).containsAll(regions());
  }

  private static Set<String> regions() throws IOException {
    Set<String> regions = new TreeSet<>();
    try (Stream<Path> files =
        Files.list(Path.of("src", "server", "src", "test", "js", "snippets"))) {
      for (Path file : files.toList()) {
        Set<String> ofFile = found(REGION, file);
        assertThat(ofFile).as("regions of %s", file).isNotEmpty();
        regions.addAll(ofFile);
      }
    }
    return regions;
  }

  private static Set<String> found(Pattern pattern, Path file) throws IOException {
    return pattern
        .matcher(Files.readString(file))
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}

package io.drumline.helm;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The chart of this repository, rendered by Helm itself. */
final class Chart {
  static final Path DIRECTORY = Path.of("helm", "drumline");

  /** The least that an operator must choose, for tests about something else. */
  static final String CHOSEN =
      """
      redis: { mode: url, url: "redis://redis:6379" }
      security: { anonymous: true }
      api: { closed: true }
      """;

  /**
   * A copy whose hook is no hook: {@code template} of helm-java leaves hooks out, and the test pod
   * is to be checked like all else.
   */
  private static final Path WITHOUT_HOOKS = withoutHooks();

  private Chart() {}

  private static Path withoutHooks() {
    try {
      Path parent = Files.createTempDirectory("chart");
      parent.toFile().deleteOnExit();
      Path chart = copy(parent);
      Path pod = chart.resolve("templates").resolve("tests").resolve("node.yaml");
      Files.writeString(pod, read(pod).replace("helm.sh/hook: test", "hook: test"));
      return chart;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path copy(Path parent) throws IOException {
    Path chart = parent.resolve("drumline");
    try (Stream<Path> files = Files.walk(DIRECTORY)) {
      for (Path file : files.toList()) {
        Files.copy(file, chart.resolve(DIRECTORY.relativize(file).toString()));
      }
    }
    return chart;
  }

  /** The names of the combinations of values in {@code ci}, each tried by the matrix. */
  static Stream<String> combinations() {
    try (Stream<Path> files = Files.list(DIRECTORY.resolve("ci"))) {
      return files
          .map(file -> file.getFileName().toString().replace("-values.yaml", ""))
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String combination(String name) {
    return read(DIRECTORY.resolve("ci").resolve(name + "-values.yaml"));
  }

  /** Renders as {@code helm template chat --namespace push}; throws with Helm's own sentence. */
  static Rendered render(String... values) {
    return renderAs("chat", values);
  }

  static Rendered renderAs(String release, String... values) {
    Path file = write(merged(values));
    try {
      return Rendered.of(
          new Helm(WITHOUT_HOOKS)
              .template()
              .withName(release)
              .withNamespace("push")
              .withKubeVersion("1.33.0")
              .withValuesFile(file)
              .call());
    } finally {
      delete(file);
    }
  }

  /** What {@code helm lint --strict} says with these values in place of the chart's own. */
  static LintResult lint(Path directory, String values) {
    try {
      Path chart = copy(directory);
      Files.writeString(
          chart.resolve("values.yaml"), merged(read(DIRECTORY.resolve("values.yaml")), values));
      return new Helm(chart).lint().strict().call();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** YAML that refuses a key that is there twice. */
  static Yaml yaml() {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return new Yaml(new SafeConstructor(options));
  }

  /** As Helm merges files of values: maps are joined, all else is replaced. */
  private static String merged(String... values) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (String text : values) {
      Map<String, Object> more = yaml().load(text);
      merge(all, more == null ? Map.of() : more);
    }
    return new Yaml().dump(all);
  }

  @SuppressWarnings("unchecked")
  private static void merge(Map<String, Object> into, Map<String, Object> from) {
    from.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> more && into.get(key) instanceof Map<?, ?> there) {
            merge((Map<String, Object>) there, (Map<String, Object>) more);
          } else {
            into.put(key, value);
          }
        });
  }

  private static Path write(String text) {
    try {
      return Files.writeString(Files.createTempFile("values", ".yaml"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

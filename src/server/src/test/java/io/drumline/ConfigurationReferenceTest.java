package io.drumline;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.ConfigurationReference.Setting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/configuration.md} has every setting, made from the code (anew with {@code
 * -Dconfiguration.reference=write}), and no document names a setting that is not there.
 */
final class ConfigurationReferenceTest {
  private static final Path REFERENCE = Path.of("docs", "configuration.md");
  private static final Pattern TABLES =
      Pattern.compile("(?s)(<!-- settings -->\n).*?(<!-- /settings -->)");
  private static final Pattern NAMED =
      Pattern.compile("(?<![\\w./-])(drumline(?:\\.[a-z][a-z-]*)+)(?=[`=:\\[ ,)|]|\\.?\\s|$)");

  @Test
  void listsEverySettingWithItsDefault() throws IOException {
    String reference = Files.readString(REFERENCE);
    String current =
        TABLES
            .matcher(reference)
            .replaceFirst(
                "$1" + Matcher.quoteReplacement(ConfigurationReference.markdown()) + "\n$2");
    if ("write".equals(System.getProperty("configuration.reference"))) {
      Files.writeString(REFERENCE, current);
    } else {
      assertThat(reference)
          .as(
              "./mvnw test -Dtest=ConfigurationReferenceTest -Dconfiguration.reference=write makes"
                  + " it again")
          .isEqualTo(current);
    }
    assertThat(ConfigurationReference.settings())
        .extracting(Setting::name)
        .contains("drumline.hub.outbound-limit", "drumline.destinations[].history.messages");
  }

  @Test
  void describesEverySetting() {
    assertThat(ConfigurationReference.settings())
        .filteredOn(setting -> setting.description().isEmpty())
        .extracting(Setting::name)
        .isEmpty();
  }

  @Test
  void documentsNameOnlySettingsThatExist() throws IOException {
    Set<String> names =
        ConfigurationReference.settings().stream()
            .map(setting -> setting.name().replace("[]", ""))
            .collect(Collectors.toSet());
    Set<String> groups = new TreeSet<>();
    names.forEach(name -> prefixesOf(name).forEach(groups::add));
    try (Stream<Path> documents = Files.list(Path.of("docs"))) {
      List<String> unknown =
          Stream.concat(documents, Stream.of(Path.of("README.md")))
              .filter(document -> document.toString().endsWith(".md"))
              .filter(document -> !document.endsWith("decisions.md"))
              .flatMap(
                  document ->
                      NAMED
                          .matcher(read(document))
                          .results()
                          .map(found -> found.group(1))
                          .filter(name -> !names.contains(name) && !groups.contains(name))
                          .filter(name -> !name.equals("drumline.jar"))
                          .map(name -> document + ": " + name))
              .distinct()
              .toList();
      assertThat(unknown).isEmpty();
    }
  }

  private static Stream<String> prefixesOf(String name) {
    return Stream.iterate(
        name, each -> each.contains("."), each -> each.substring(0, each.lastIndexOf('.')));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

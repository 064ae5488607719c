package io.drumline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each attack in docs/security.md names tests that are there. */
final class AttackTableTest {
  private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT|E2E|Fuzz))(?:#(\\w+))?`");
  private static final int ATTACKS = 25;

  @Test
  void everyAttackNamesTestsThatAreThere() throws IOException {
    Map<String, String> sources = sources();
    List<String> rows = rows();
    assertThat(rows).hasSizeGreaterThanOrEqualTo(ATTACKS);
    for (String row : rows) {
      Matcher named = TEST.matcher(row.substring(row.lastIndexOf('|', row.length() - 2)));
      assertThat(named.find()).as("a test in %s", row).isTrue();
      do {
        assertThat(sources).as(row).containsKey(named.group(1));
        if (named.group(2) != null) {
          assertThat(sources.get(named.group(1)))
              .as(named.group())
              .containsPattern("void " + named.group(2) + "\\(");
        }
      } while (named.find());
    }
  }

  private static List<String> rows() throws IOException {
    String table = Files.readString(Path.of("docs", "security.md"));
    return table
        .substring(table.indexOf("| attack |"))
        .lines()
        .skip(2)
        .takeWhile(line -> line.startsWith("|"))
        .toList();
  }

  /** The text of all test classes, by their simple names. */
  private static Map<String, String> sources() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      return files
          .filter(file -> file.toString().matches("src/\\w+/src/test/java/.*\\.java"))
          .filter(file -> TEST.matcher("`" + nameOf(file) + "`").matches())
          .collect(Collectors.toMap(AttackTableTest::nameOf, AttackTableTest::read));
    }
  }

  private static String nameOf(Path file) {
    return file.getFileName().toString().replace(".java", "");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The chart's README is true: its table is made from {@code values.yaml} (anew with {@code
 * -Dchart.readme=write}), and its examples render.
 */
class ChartReadmeTest {
  private static final Path README = Chart.DIRECTORY.resolve("README.md");
  private static final Pattern TABLE =
      Pattern.compile("(?s)(<!-- values -->\n).*?(<!-- /values -->)");

  @Test
  void listsEveryValueWithItsDefault() throws IOException {
    String table = ValuesTable.of(Chart.read(Chart.DIRECTORY.resolve("values.yaml")));
    String readme = Chart.read(README);
    String anew = TABLE.matcher(readme).replaceFirst("$1" + Matcher.quoteReplacement(table) + "$2");
    if ("write".equals(System.getProperty("chart.readme"))) {
      Files.writeString(README, anew);
    } else {
      assertThat(readme)
          .as("./mvnw test -Dtest=ChartReadmeTest -Dchart.readme=write makes it anew")
          .isEqualTo(anew);
    }
    assertThat(table).contains("| `redis.tls.enabled` | `false` | Speaks TLS with Redis. |");
  }

  @Test
  void showsValuesThatRender() {
    Matcher example = Pattern.compile("(?s)```yaml\n(.*?)```").matcher(Chart.read(README));
    assertThat(example.results().map(found -> found.group(1)).toList())
        .hasSizeGreaterThanOrEqualTo(1)
        .allSatisfy(values -> assertThat(Chart.render(values).objects()).isNotEmpty());
  }

  @Test
  void asksForAWordOnEveryValue() {
    assertThatThrownBy(() -> ValuesTable.of("# -- One.\na: 1\nb:\n  # Two.\n  c: 2\n"))
        .hasMessageContaining("says nothing of b.c");
  }
}

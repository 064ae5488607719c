package io.drumline;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Log lines that the documents for operators quote are in the source, word for word; {@code …}
 * stands for what a line is filled with, and a quotation may end early.
 */
final class DocumentedLogLinesTest {
  private static final List<String> DOCUMENTS =
      List.of("runbook.md", "operations.md", "troubleshooting.md");

  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

  /** Three words at least: settings, commands and metrics are quoted as well. */
  private static final Pattern SENTENCE = Pattern.compile("[A-Z][a-z]* \\S+ \\S.*");

  private static final Pattern CODE_BLOCK = Pattern.compile("(?ms)^ *```.*?^ *```$|^ {4}.*?$");
  private static final Pattern COMMENT = Pattern.compile("(?m)^\\s*(?:\\*|/\\*|//).*$");

  private static final String LITERAL = "\"([^\"\\\\\n]*+(?:\\\\.[^\"\\\\\n]*+)*+)\"";

  private static final Pattern ONE = Pattern.compile(LITERAL);

  /** Literals that are put together with +, perhaps with values between them. */
  private static final Pattern TEXT =
      Pattern.compile(LITERAL + "(?:\\s*+\\+\\s*+(?:[^\";{}+]*\\+\\s*)?" + LITERAL + ")*+");

  private static final Pattern PLACE = Pattern.compile("\\{}|%\\.?\\d*[sdf]");

  /** What Redis itself logs. */
  private static final String OF_REDIS = "Client … scheduled to be closed ASAP";

  @Test
  void quotedLogLinesAreInTheSource() throws IOException {
    List<String> messages = messages();
    for (String document : DOCUMENTS) {
      List<String> quotations = quotations(Path.of("docs", document));
      assertThat(quotations).as(document).isNotEmpty();
      assertThat(quotations)
          .as("log lines that docs/%s quotes, not found in the sources", document)
          .filteredOn(
              quotation -> messages.stream().noneMatch(begins(quotation).asMatchPredicate()))
          .isEmpty();
    }
  }

  @Test
  void readsLiteralsOverSeveralLines() throws IOException {
    assertThat(texts("log.warn(\"One {} of\"\n  + \" these: \" + name + \" ended\", 1);"))
        .containsExactly("One … of these: … ended");
  }

  private static Pattern begins(String quotation) {
    return Pattern.compile(
        "(?s)"
            + Arrays.stream(quotation.split("…", -1)).map(Pattern::quote).collect(joining(".*"))
            + ".*");
  }

  private static List<String> quotations(Path document) throws IOException {
    String text =
        CODE_BLOCK.matcher(Files.readString(document)).replaceAll("").replaceAll("\\s+", " ");
    return QUOTED
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .filter(SENTENCE.asMatchPredicate())
        .filter(quotation -> !quotation.startsWith(OF_REDIS))
        .distinct()
        .toList();
  }

  private static List<String> messages() throws IOException {
    List<String> messages = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      for (Path file :
          files
              .filter(each -> each.toString().matches("src/\\w+/src/main/java/.*\\.java"))
              .toList()) {
        messages.addAll(texts(Files.readString(file)));
      }
    }
    return messages;
  }

  private static List<String> texts(String source) {
    return TEXT.matcher(COMMENT.matcher(source).replaceAll(""))
        .results()
        .map(DocumentedLogLinesTest::text)
        .toList();
  }

  private static String text(MatchResult expression) {
    StringBuilder text = new StringBuilder();
    Matcher literal = ONE.matcher(expression.group());
    int end = 0;
    while (literal.find()) {
      if (end > 0 && !expression.group().substring(end, literal.start()).strip().equals("+")) {
        text.append('…');
      }
      text.append(literal.group(1).replace("\\\"", "\""));
      end = literal.end();
    }
    return PLACE.matcher(text).replaceAll("…");
  }
}

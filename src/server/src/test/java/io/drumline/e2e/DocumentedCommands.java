package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The commands of a document in its order: the lines of indented blocks, and what is written as
 * code in a sentence and begins with a program. Examples in fences are of other languages.
 */
final class DocumentedCommands {
  private static final Pattern INLINE =
      Pattern.compile(
          "`((?:\\./mvnw|java|docker|curl|helm|kubectl|redis-cli|kill|python3) [^`]+)`");

  private final Path document;
  private final Deque<String> commands = new ArrayDeque<>();

  DocumentedCommands(Path document) {
    this.document = document;
    boolean fenced = false;
    StringBuilder command = new StringBuilder();
    for (String line : lines(document)) {
      if (line.startsWith("```")) {
        fenced = !fenced;
      } else if (!fenced && line.startsWith("    ") && !line.isBlank()) {
        command.append(line.substring(4)).append('\n');
        if (!line.endsWith("\\")) {
          commands.add(command.toString().strip());
          command.setLength(0);
        }
      } else if (!fenced) {
        Matcher inline = INLINE.matcher(line);
        inline.results().map(found -> found.group(1)).forEach(commands::add);
      }
    }
  }

  /** The next command as it is written, which must be one of this program. */
  String next(String program) {
    assertThat(commands).as("commands of %s that were not tried yet", document).isNotEmpty();
    assertThat(commands.peek()).as("the next command of %s", document).startsWith(program);
    return commands.remove();
  }

  /** Passes over the next command, which must be this one, since it cannot be tried here. */
  void leaveOut(String command, String reason) {
    assertThat(next(command)).as(reason).isEqualTo(command);
  }

  /** All have been tried, or left out for a reason. */
  void end() {
    assertThat(commands).as("commands of %s that nobody tries", document).isEmpty();
  }

  /** The first fenced example in this language. */
  static String example(Path document, String language) {
    Matcher fence =
        Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$")
            .matcher(String.join("\n", lines(document)) + '\n');
    assertThat(fence.find()).isTrue();
    return fence.group(1);
  }

  private static List<String> lines(Path document) {
    try {
      return Files.readAllLines(document);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

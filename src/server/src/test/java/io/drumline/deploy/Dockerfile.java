package io.drumline.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The project's Dockerfile, read as its stages of instructions. */
public record Dockerfile(List<Stage> stages) {
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * A stage.
   *
   * @param base the image it begins with, or the name of an earlier stage
   * @param name empty unless it has one
   */
  public record Stage(String base, String name, List<Instruction> instructions) {

    Stream<Instruction> of(String keyword) {
      return instructions.stream().filter(instruction -> instruction.keyword().equals(keyword));
    }

    /** The arguments of the last such instruction, which is the one that counts. */
    String last(String keyword) {
      return of(keyword).reduce((earlier, later) -> later).orElseThrow().arguments();
    }

    /** What is copied, in order. */
    public List<Copy> copies() {
      return of("COPY").map(instruction -> Copy.of(instruction.arguments())).toList();
    }
  }

  /** One instruction, its continued lines joined. */
  public record Instruction(String keyword, String arguments) {}

  /**
   * What one COPY copies.
   *
   * @param from the stage it is taken from; empty: the build context
   */
  public record Copy(String from, List<String> sources, String target) {

    static Copy of(String arguments) {
      List<String> words = new ArrayList<>(List.of(arguments.split("\\s+")));
      String from =
          words.get(0).startsWith("--from=") ? words.remove(0).substring("--from=".length()) : "";
      return new Copy(from, words.subList(0, words.size() - 1), words.get(words.size() - 1));
    }
  }

  public static Dockerfile read() {
    try {
      return parse(Files.readString(Path.of("Dockerfile")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Stage stage(String name) {
    return stages.stream().filter(stage -> stage.name().equals(name)).findFirst().orElseThrow();
  }

  public Stage last() {
    return stages.get(stages.size() - 1);
  }

  /** The command the image runs; fails where it is not in exec form. */
  public List<String> entryPoint() {
    return exec(last().last("ENTRYPOINT"));
  }

  static List<String> exec(String arguments) {
    return JSON.readValue(arguments, new TypeReference<List<String>>() {});
  }

  private static Dockerfile parse(String text) {
    String joined = text.replaceAll("(?m)^\\s*#.*\\R", "").replaceAll("\\\\\\R\\s*", " ");
    List<Stage> stages = new ArrayList<>();
    for (String line : joined.lines().filter(line -> !line.isBlank()).toList()) {
      String[] parts = line.strip().split("\\s+", 2);
      if (parts[0].equals("FROM")) {
        String[] words = parts[1].split("\\s+(?i:AS)\\s+", 2);
        stages.add(new Stage(words[0], words.length == 1 ? "" : words[1], new ArrayList<>()));
      } else {
        stages.get(stages.size() - 1).instructions().add(new Instruction(parts[0], parts[1]));
      }
    }
    return new Dockerfile(stages);
  }
}

package io.drumline;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every setting, as the configuration metadata knows it. The metadata stops at lists: the elements
 * of a list are read from their record and its Javadoc.
 */
final class ConfigurationReference {
  private static final String METADATA = "META-INF/spring-configuration-metadata.json";
  private static final List<String> MODULES = List.of("core", "redis", "spring", "server");
  private static final Pattern ELEMENT =
      Pattern.compile("java\\.util\\.\\w+<(io\\.drumline\\..*)>");

  /** One setting; the description is Markdown. */
  record Setting(String name, String type, String defaultValue, String description) {
    /** The part of the reference it stands in, such as {@code drumline.hub}. */
    String group() {
      String[] parts = name.split("[.\\[]", 3);
      return parts.length < 3 ? "drumline" : parts[0] + '.' + parts[1];
    }
  }

  private ConfigurationReference() {}

  static List<Setting> settings() {
    List<JsonNode> properties = new ArrayList<>();
    try {
      for (URL file :
          Collections.list(ConfigurationReference.class.getClassLoader().getResources(METADATA))) {
        try (InputStream metadata = file.openStream()) {
          new JsonMapper().readTree(metadata).path("properties").forEach(properties::add);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.stream()
        .filter(property -> property.path("sourceType").stringValue("").startsWith("io.drumline."))
        .flatMap(ConfigurationReference::settings)
        .sorted(Comparator.comparing(Setting::name))
        .toList();
  }

  /** The tables of all groups. */
  static String markdown() {
    StringBuilder text = new StringBuilder();
    settings().stream()
        .collect(Collectors.groupingBy(Setting::group, TreeMap::new, Collectors.toList()))
        .forEach(
            (group, settings) -> {
              text.append("\n## ")
                  .append(group)
                  .append("\n\n| setting | type | default | |\n|---|---|---|---|\n");
              settings.forEach(
                  setting ->
                      text.append("| `")
                          .append(setting.name())
                          .append("` | ")
                          .append(setting.type())
                          .append(" | ")
                          .append(
                              setting.defaultValue().isEmpty()
                                  ? ""
                                  : '`' + setting.defaultValue() + '`')
                          .append(" | ")
                          .append(setting.description())
                          .append(" |\n"));
            });
    return text.toString();
  }

  private static Stream<Setting> settings(JsonNode property) {
    String name = property.path("name").stringValue();
    String type = property.path("type").stringValue();
    Setting setting =
        new Setting(
            name,
            shown(type),
            defaultOf(property.path("defaultValue")),
            sentence(property.path("description").stringValue("")));
    Matcher element = ELEMENT.matcher(type);
    return element.matches()
        ? Stream.concat(Stream.of(setting), elements(name + "[]", type(element.group(1))))
        : Stream.of(setting);
  }

  private static Stream<Setting> elements(String prefix, Class<?> record) {
    List<Setting> settings = new ArrayList<>();
    RecordComponent[] components = Objects.requireNonNull(record.getRecordComponents());
    for (int i = 0; i < components.length; i++) {
      RecordComponent component = components[i];
      String name = prefix + '.' + hyphenated(component.getName());
      if (component.getType().isRecord()) {
        elements(name, component.getType()).forEach(settings::add);
      } else {
        settings.add(
            new Setting(
                name,
                shown(component.getGenericType().getTypeName()),
                defaultOf(record, i),
                sentence(parameter(record, component.getName()))));
      }
    }
    return settings.stream();
  }

  private static String defaultOf(JsonNode value) {
    if (value.isArray()) {
      return StreamSupport.stream(value.spliterator(), false)
          .map(JsonNode::asString)
          .collect(Collectors.joining(", "));
    }
    return value.isMissingNode() ? "" : value.asString();
  }

  private static String defaultOf(Class<?> record, int component) {
    return Stream.of(record.getDeclaredConstructors()[0].getParameterAnnotations()[component])
        .filter(DefaultValue.class::isInstance)
        .map(annotation -> String.join(", ", ((DefaultValue) annotation).value()))
        .collect(Collectors.joining());
  }

  /** What the record's Javadoc says of a component. */
  private static String parameter(Class<?> record, String component) {
    Class<?> file = Objects.requireNonNullElse(record.getDeclaringClass(), record);
    String name = file.getName().replace('.', '/') + ".java";
    Path source =
        MODULES.stream()
            .map(module -> Path.of("src", module, "src", "main", "java", name))
            .filter(Files::exists)
            .findFirst()
            .orElseThrow();
    String text;
    try {
      text = Files.readString(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int end = Math.max(text.indexOf(" record " + record.getSimpleName() + '('), 0);
    String javadoc = text.substring(Math.max(text.lastIndexOf("/**\n", end), 0), end);
    Matcher found =
        Pattern.compile("(?s)@param " + component + " (.*?)(?=\\n\\s*\\*\\s*@|\\*/)")
            .matcher(javadoc);
    return found.find() ? found.group(1).replaceAll("\\n\\s*\\* *", " ").strip() : "";
  }

  private static Class<?> type(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("The metadata names a class that is not there: " + name, e);
    }
  }

  private static String shown(String type) {
    String raw = type.replaceAll("<.*", "");
    if (raw.startsWith("java.util.")) {
      return "list";
    }
    if (raw.equals(Duration.class.getName())) {
      return "duration";
    }
    if (raw.equals(DataSize.class.getName())) {
      return "size";
    }
    @Nullable Class<?> enumeration = raw.startsWith("io.drumline.") ? type(raw) : null;
    if (enumeration != null && enumeration.isEnum()) {
      return Stream.of(enumeration.getEnumConstants())
          .map(constant -> '`' + constant.toString().toLowerCase(Locale.ROOT) + '`')
          .collect(Collectors.joining(", "));
    }
    return switch (raw.substring(raw.lastIndexOf('.') + 1)) {
      case "Boolean", "boolean" -> "true or false";
      case "Integer", "int", "Long", "long", "Double", "double" -> "number";
      default -> "text";
    };
  }

  private static String hyphenated(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  /** Javadoc's inline tags as Markdown, with a capital and a full stop. */
  private static String sentence(String javadoc) {
    if (javadoc.isBlank()) {
      return "";
    }
    String text =
        javadoc
            .replaceAll("\\{@(?:code|link) #?([^}]*\\{[^}]*}[^}]*|[^}]*)}", "`$1`")
            .replaceAll("\\s+", " ")
            .replace("|", "\\|")
            .strip();
    String first = text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    return first.endsWith(".") ? first : first + '.';
  }
}

package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.EnvVar;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the chart sets is something that a node reads: names are looked up in its metadata. */
class ChartSettingsTest {
  /** Read by Java, and an example of the operator's own. */
  private static final Set<String> NOT_SPRINGS = Set.of("JAVA_TOOL_OPTIONS", "WHERE");

  private static final Pattern ELEMENT = Pattern.compile("(.+?)_\\d+_(.+)");
  private static final Pattern LIST = Pattern.compile("java\\.util\\.List<(.+)>");

  /** The type of each property, by its name. */
  private static final Map<String, String> TYPES = new HashMap<>();

  /** The same by the name of its environment variable. */
  private static final Map<String, String> VARIABLES = new HashMap<>();

  static Stream<String> combinations() {
    return Chart.combinations();
  }

  @BeforeAll
  static void readMetadata() throws IOException {
    ObjectMapper json = new ObjectMapper();
    ClassLoader loader = ChartSettingsTest.class.getClassLoader();
    for (String file :
        List.of(
            "META-INF/spring-configuration-metadata.json",
            "META-INF/additional-spring-configuration-metadata.json")) {
      for (URL url : Collections.list(loader.getResources(file))) {
        try (InputStream metadata = url.openStream()) {
          for (JsonNode property : json.readTree(metadata).path("properties")) {
            String name = property.get("name").asText();
            TYPES.put(name, property.path("type").asText());
            VARIABLES.put(variable(name), property.path("type").asText());
          }
        }
      }
    }
    assertThat(TYPES).containsKeys("drumline.backplane", "spring.data.redis.host");
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void setsOnlyPropertiesThatThereAre(String combination) {
    List<String> names = new ArrayList<>();
    flatten("", Chart.render(Chart.combination(combination)).settings(), names);
    assertThat(names).isNotEmpty().allMatch(ChartSettingsTest::isKnown);
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void setsOnlyVariablesThatAreProperties(String combination) throws ClassNotFoundException {
    for (EnvVar variable : Chart.render(Chart.combination(combination)).node().getEnv()) {
      String name = variable.getName();
      if (NOT_SPRINGS.contains(name)) {
        continue;
      }
      Matcher element = ELEMENT.matcher(name);
      if (element.matches()) {
        assertThat(components(VARIABLES.get(element.group(1)))).contains(element.group(2));
      } else {
        assertThat(VARIABLES.containsKey(name)).as("%s is a property", name).isTrue();
      }
    }
  }

  @Test
  void knowsANameThatIsNone() {
    assertThat(isKnown("drumline.backplan")).isFalse();
    assertThat(isKnown("drumline.security.jwt.jwks-uri")).isTrue();
    assertThat(isKnown("spring.ssl.bundle.pem.redis.truststore.certificate")).isTrue();
  }

  private static void flatten(String path, Map<?, ?> map, List<String> into) {
    map.forEach(
        (key, value) -> {
          String name = path.isEmpty() ? key.toString() : path + '.' + key;
          if (value instanceof Map<?, ?> nested) {
            flatten(name, nested, into);
          } else {
            into.add(name);
          }
        });
  }

  /** A property, or below one that is a map. */
  private static boolean isKnown(String name) {
    if (TYPES.containsKey(name)) {
      return true;
    }
    for (int dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      String type = TYPES.get(name.substring(0, dot));
      if (type != null) {
        return type.startsWith("java.util.Map<");
      }
    }
    return false;
  }

  /** As Spring spells it: dots become underscores, dashes nothing. */
  private static String variable(String property) {
    return property.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
  }

  private static List<String> components(String list) throws ClassNotFoundException {
    Matcher type = LIST.matcher(list);
    assertThat(type.matches()).as("%s", list).isTrue();
    List<String> names = new ArrayList<>();
    for (RecordComponent component : Class.forName(type.group(1)).getRecordComponents()) {
      names.add(component.getName().toUpperCase(Locale.ROOT));
    }
    return names;
  }
}

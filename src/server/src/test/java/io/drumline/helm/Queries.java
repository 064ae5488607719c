package io.drumline.helm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The PromQL of the alerts and of the dashboard, as it is delivered. */
public final class Queries {
  public static final Path ALERTS = Path.of("helm", "drumline", "files", "alerts.yaml");
  public static final Path ALERTS_TEST = Path.of("deploy", "prometheus", "alerts-test.yaml");
  public static final Path DASHBOARD = Path.of("helm", "drumline", "files", "dashboard.json");

  /** Strings, matchers, ranges, numbers, lists of labels. */
  private static final Pattern OTHERS =
      Pattern.compile(
          "\"(\\\\.|[^\"\\\\])*\""
              + "|\\{([^}\"]|\"(\\\\.|[^\"\\\\])*\")*}"
              + "|\\[[^]]*]"
              + "|\\b[0-9][0-9.eE+]*[a-z]*"
              + "|\\b(by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)");

  private static final Pattern FUNCTIONS = Pattern.compile("\\b[a-z_]+\\s*(?=\\()");
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
  private static final Set<String> WORDS =
      Set.of("and", "or", "unless", "offset", "bool", "group_left", "group_right", "inf", "nan");

  /** An alert; its annotations as written. */
  public record Alert(
      String name,
      String expression,
      Map<String, String> labels,
      Map<String, String> annotations) {}

  /** A query of a panel, with the dashboard's variables still in it. */
  public record Query(String panel, String expression) {
    /** As Grafana sends it, with all of everything chosen. */
    public String asked() {
      return expression.replace("$__rate_interval", "1m").replaceAll("\\$[a-z]+", ".*");
    }
  }

  private Queries() {}

  @SuppressWarnings("unchecked")
  public static List<Alert> alerts() {
    List<Alert> alerts = new ArrayList<>();
    for (Map<String, Object> group : (List<Map<String, Object>>) yaml(ALERTS).get("groups")) {
      for (Map<String, Object> rule : (List<Map<String, Object>>) group.get("rules")) {
        alerts.add(
            new Alert(
                (String) rule.get("alert"),
                (String) rule.get("expr"),
                (Map<String, String>) rule.get("labels"),
                (Map<String, String>) rule.get("annotations")));
      }
    }
    return alerts;
  }

  public static JsonNode dashboard() {
    return JsonMapper.shared().readTree(text(DASHBOARD));
  }

  public static List<Query> panels() {
    List<Query> queries = new ArrayList<>();
    for (JsonNode panel : dashboard().get("panels")) {
      for (JsonNode target : panel.path("targets")) {
        queries.add(new Query(panel.get("title").asString(), target.get("expr").asString()));
      }
    }
    return queries;
  }

  /** The names of the metrics in an expression. */
  public static Set<String> metricsOf(String expression) {
    String rest = FUNCTIONS.matcher(OTHERS.matcher(expression).replaceAll(" ")).replaceAll(" ");
    Set<String> names = new TreeSet<>();
    for (Matcher name = NAME.matcher(rest); name.find(); ) {
      if (!WORDS.contains(name.group())) {
        names.add(name.group());
      }
    }
    return names;
  }

  public static Map<String, Object> yaml(Path file) {
    return new Yaml(new SafeConstructor(new LoaderOptions())).load(text(file));
  }

  public static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

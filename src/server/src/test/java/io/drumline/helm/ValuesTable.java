package io.drumline.helm;

import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.comments.CommentLine;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** The table of values in the chart's README, made from the comments in {@code values.yaml}. */
final class ValuesTable {
  private static final String MARK = "-- ";

  private final StringBuilder rows = new StringBuilder("| value | default | |\n|---|---|---|\n");

  private ValuesTable() {}

  /** A row for each value whose comment begins with two dashes; throws where one has none. */
  static String of(String values) {
    LoaderOptions options = new LoaderOptions();
    options.setProcessComments(true);
    DumperOptions dumping = new DumperOptions();
    Yaml yaml =
        new Yaml(
            new SafeConstructor(options),
            new Representer(dumping),
            dumping,
            options,
            new Resolver());
    ValuesTable table = new ValuesTable();
    Map<String, Object> defaults = Chart.yaml().load(values);
    table.add("", (MappingNode) yaml.compose(new StringReader(values)), defaults);
    return table.rows.toString();
  }

  private void add(String path, MappingNode node, Map<?, ?> defaults) {
    for (NodeTuple tuple : node.getValue()) {
      String key = ((ScalarNode) tuple.getKeyNode()).getValue();
      String name = path + key;
      String comment = comment(tuple.getKeyNode());
      Object value = defaults.get(key);
      if (comment != null) {
        rows.append("| `%s` | %s | %s |\n".formatted(name, shown(value), escaped(comment)));
      } else if (tuple.getValueNode() instanceof MappingNode below && !below.getValue().isEmpty()) {
        add(name + '.', below, (Map<?, ?>) value);
      } else {
        throw new AssertionError("values.yaml says nothing of " + name);
      }
    }
  }

  private static String comment(Node key) {
    List<CommentLine> lines = key.getBlockComments();
    if (lines == null) {
      return null;
    }
    String text =
        lines.stream()
            .map(line -> line.getValue().strip())
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining(" "));
    int mark = text.lastIndexOf(MARK);
    return mark < 0 || !lines.get(lines.size() - 1).getValue().strip().startsWith("--")
        ? null
        : text.substring(mark + MARK.length());
  }

  private static String shown(Object value) {
    if (value instanceof String text) {
      return text.isEmpty() ? "" : '`' + text + '`';
    }
    if (Map.of().equals(value) || List.of().equals(value)) {
      return "";
    }
    return value instanceof Map<?, ?> || value instanceof List<?>
        ? "see `values.yaml`"
        : "`" + value + '`';
  }

  private static String escaped(String comment) {
    return comment.replace("|", "\\|");
  }
}

package io.drumline.backplane;

import io.drumline.message.Destination;
import io.drumline.message.DestinationPattern;
import java.time.Duration;
import java.util.List;

/** Says how much of a destination's past is kept. Thread safe. */
public final class Retentions {
  private static final Retention DEFAULT =
      new Retention(256, 4 * 1024 * 1024, Duration.ofMinutes(5));

  /** No rules. */
  public static final Retentions DEFAULTS = new Retentions(new DestinationProperties(List.of()));

  private record Rule(DestinationPattern pattern, Retention retention) {}

  private final List<Rule> rules;

  public Retentions(DestinationProperties properties) {
    rules =
        properties.destinations().stream()
            .map(
                rule ->
                    new Rule(DestinationPattern.parse(rule.pattern()), rule.history().retention()))
            .toList();
  }

  /** The first rule's that matches; ephemeral destinations keep nothing, whatever rules say. */
  public Retention of(Destination destination) {
    if (!destination.ordered()) {
      return Retention.NONE;
    }
    if (!rules.isEmpty()) {
      String shown = destination.shown();
      for (Rule rule : rules) {
        if (rule.pattern.matches(shown)) {
          return rule.retention;
        }
      }
    }
    return DEFAULT;
  }
}

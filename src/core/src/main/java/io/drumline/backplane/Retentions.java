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
  public static final Retentions DEFAULTS = new Retentions(List.of());

  /**
   * How much is kept of some destinations.
   *
   * @param pattern those it is for
   */
  public record Rule(DestinationPattern pattern, Retention retention) {}

  private final List<Rule> rules;

  /**
   * @param rules of those whose pattern matches, the first one counts
   */
  public Retentions(List<Rule> rules) {
    this.rules = List.copyOf(rules);
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

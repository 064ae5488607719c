package io.drumline.backplane;

import io.drumline.message.Destination;
import io.drumline.message.DestinationPattern;
import java.time.Duration;
import java.util.List;

/** The configured retention of destinations. Thread safe. */
public final class Retentions {
  private static final Retention DEFAULT =
      new Retention(256, 4 * 1024 * 1024, Duration.ofMinutes(5));

  /** No rules. */
  public static final Retentions DEFAULTS = new Retentions(List.of());

  /**
   * The retention of some destinations.
   *
   * @param pattern the destinations it applies to
   */
  public record Rule(DestinationPattern pattern, Retention retention) {}

  private final List<Rule> rules;

  /**
   * @param rules the first rule with a matching pattern applies
   */
  public Retentions(List<Rule> rules) {
    this.rules = List.copyOf(rules);
  }

  /** The first matching rule's retention; ephemeral destinations never keep history. */
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

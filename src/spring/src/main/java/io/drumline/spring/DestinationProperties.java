package io.drumline.spring;

import io.drumline.backplane.History;
import io.drumline.backplane.Retention;
import io.drumline.backplane.Retentions;
import io.drumline.message.DestinationPattern;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Settings by destination.
 *
 * @param destinations Rules for destinations; of those whose pattern matches, the first one counts.
 *     What none matches has the default history: 256 messages of at most 5 minutes and 4 MB. All
 *     nodes of a cluster must have the same rules.
 */
@Validated
@ConfigurationProperties("drumline")
public record DestinationProperties(@DefaultValue List<@Valid Rule> destinations) {

  /**
   * One rule.
   *
   * @param pattern Destinations it is for, such as {@code /topic/prices/**}: {@code *} is one
   *     segment, or the rest of one ({@code /topic/rooms.*}), and {@code **} at the end any rest.
   *     Users' own are spelled {@code /user/queue/x}.
   * @param history How much of the past is kept.
   */
  public record Rule(@NotBlank String pattern, @DefaultValue @Valid History history) {

    public Rule {
      try {
        DestinationPattern.parse(pattern == null ? "" : pattern);
      } catch (IllegalArgumentException invalid) {
        throw new IllegalArgumentException("drumline.destinations: " + invalid.getMessage());
      }
    }

    private Retentions.Rule retention() {
      return new Retentions.Rule(DestinationPattern.parse(pattern), history.retention());
    }
  }

  /**
   * How much history is kept; the first limit reached trims it.
   *
   * @param messages Most messages of one destination; 0 for no history.
   * @param size Most bytes of one destination's messages.
   * @param age How long a message is kept at most.
   */
  public record History(
      @DefaultValue("256") @Min(0) @Max(1_000_000) int messages,
      @DefaultValue("4MB") @NotNull DataSize size,
      @DefaultValue("5m") @NotNull @DurationMin(seconds = 1) Duration age) {

    private Retention retention() {
      return new Retention(messages, size.toBytes(), age);
    }
  }

  /** The retentions for the backplane. */
  public Retentions retentions() {
    return new Retentions(destinations.stream().map(Rule::retention).toList());
  }
}

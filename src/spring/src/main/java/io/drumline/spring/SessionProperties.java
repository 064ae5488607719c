package io.drumline.spring;

import io.drumline.session.SessionSettings;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Shared sessions: those of clients that connect with a {@code client-id}.
 *
 * @param timeToLive how long a session is remembered after its client has gone
 * @param positionInterval how often a session's positions are looked at, and stored if they have
 *     changed; what a client received in the last two intervals it may receive again
 * @param maxPositions destinations of one session whose positions are remembered
 * @param maxSessions shared sessions that one node serves
 */
@Validated
@ConfigurationProperties(value = "drumline.session", ignoreUnknownFields = false)
public record SessionProperties(
    @DefaultValue("2m") @DurationMin(seconds = 1) @DurationMax(days = 7) Duration timeToLive,
    @DefaultValue("1s") @DurationMin(millis = 100) Duration positionInterval,
    @DefaultValue("128") @Min(1) @Max(1024) int maxPositions,
    @DefaultValue("100000") @Min(1) int maxSessions) {

  public SessionProperties {
    if (positionInterval.multipliedBy(3).compareTo(timeToLive) > 0) {
      throw new IllegalArgumentException(
          "drumline.session.position-interval must be at most a third of"
              + " drumline.session.time-to-live");
    }
  }

  /** The settings for the shared sessions. */
  public SessionSettings settings() {
    return new SessionSettings(timeToLive, positionInterval, maxPositions, maxSessions);
  }
}

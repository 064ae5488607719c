package io.drumline.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.backplane.Retention;
import io.drumline.backplane.Retentions;
import io.drumline.message.Destination;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

final class RetentionsTest {

  @Test
  void takesTheFirstRuleThatMatches() {
    Retentions retentions =
        retentions(
            Map.of(
                "drumline.destinations[0].pattern", "/topic/a/*",
                "drumline.destinations[0].history.messages", "7",
                "drumline.destinations[0].history.size", "3KB",
                "drumline.destinations[0].history.age", "2h",
                "drumline.destinations[1].pattern", "/topic/a/**",
                "drumline.destinations[1].history.messages", "0"));
    assertThat(retentions.of(Destination.parse("/topic/a/b")))
        .isEqualTo(new Retention(7, 3072, Duration.ofHours(2)));
    assertThat(retentions.of(Destination.parse("/topic/a/b/c")).keeps()).isFalse();
  }

  @Test
  void keepsALittleWhereNoRuleMatches() {
    Retention expected = new Retention(256, 4 << 20, Duration.ofMinutes(5));
    Retentions retentions = retentions(Map.of("drumline.destinations[0].pattern", "/topic/a"));
    assertThat(retentions.of(Destination.parse("/topic/a"))).isEqualTo(expected);
    assertThat(retentions.of(Destination.parse("/topic/b"))).isEqualTo(expected);
    assertThat(Retentions.DEFAULTS.of(Destination.parse("/topic/b"))).isEqualTo(expected);
  }

  @Test
  void matchesUsersOwnAsTheySpellThem() {
    Retentions retentions =
        retentions(
            Map.of(
                "drumline.destinations[0].pattern", "/user/queue/x",
                "drumline.destinations[0].history.messages", "7"));
    assertThat(retentions.of(Destination.ofUser("Ann/B", "/queue/x")).messages()).isEqualTo(7);
    assertThat(retentions.of(Destination.ofUser("Ann/B", "/queue/y")).messages()).isEqualTo(256);
  }

  @Test
  void keepsNothingOfEphemeralDestinations() {
    Retentions retentions = retentions(Map.of("drumline.destinations[0].pattern", "/**"));
    assertThat(retentions.of(Destination.parse("/ephemeral/a")).keeps()).isFalse();
    assertThat(retentions.of(Destination.parse("/topic/a")).keeps()).isTrue();
  }

  @Test
  void namesTheSettingOfAWrongPattern() {
    assertThatThrownBy(() -> retentions(Map.of("drumline.destinations[0].pattern", "topic/a")))
        .rootCause()
        .hasMessage("drumline.destinations: The pattern 'topic/a' must begin with a slash.");
  }

  private static Retentions retentions(Map<String, String> settings) {
    return new Binder(new MapConfigurationPropertySource(settings))
        .bindOrCreate("drumline", DestinationProperties.class)
        .retentions();
  }
}

package io.drumline.redis.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.redis.Backplanes;
import io.lettuce.core.ClientOptions;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedisConnectorTest {

  /** Else one master that demands a password could be chosen for pub/sub again and again. */
  @Test
  void connectionsAreTriedBeforeTheyAreUsedWhateverTheApplicationSets() {
    ClientOptions given = ClientOptions.builder().pingBeforeActivateConnection(false).build();
    assertThat(
            RedisConnector.options(given, Backplanes.settings(Map.of()), 1)
                .isPingBeforeActivateConnection())
        .isTrue();
  }
}

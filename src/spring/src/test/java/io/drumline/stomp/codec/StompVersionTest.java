package io.drumline.stomp.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StompVersionTest {
  @Test
  void clientThatNamesNoVersionSpeaks10() {
    assertThat(StompVersion.negotiate(null)).contains(StompVersion.V1_0);
  }

  @ParameterizedTest
  @CsvSource({
    "'1.0', V1_0",
    "'1.0,1.1,2.0', V1_1",
    "'1.2,1.1,1.0', V1_2",
    "'1.0,1.1,1.2', V1_2",
    "' 1.1 , 1.0 ', V1_1",
  })
  void choosesTheHighestCommonVersion(String offered, StompVersion chosen) {
    assertThat(StompVersion.negotiate(offered)).contains(chosen);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", "2.0", "1.3,9", "1", "1.20"})
  void hasNoVersionInCommonWithOthers(String offered) {
    assertThat(StompVersion.negotiate(offered)).isEmpty();
  }

  @Test
  void listsEveryVersionAsSupported() {
    assertThat(StompVersion.SUPPORTED.split(","))
        .containsExactly(
            Arrays.stream(StompVersion.values()).map(StompVersion::text).toArray(String[]::new));
  }
}

package io.drumline.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drumline.message.Destination.Kind;
import java.nio.charset.StandardCharsets;

/** Whatever is given for a destination: one that reads back as itself, or one sentence. */
class DestinationFuzz {

  @FuzzTest(maxDuration = "10m")
  void readsADestinationOrSaysWhyNot(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    try {
      Destination destination = Destination.of(text);
      assertThat(Destination.parse(destination.value())).isEqualTo(destination);
      assertThat(destination.value().getBytes(StandardCharsets.UTF_8))
          .hasSizeLessThanOrEqualTo(Destination.MAX_BYTES);
      assertThat(destination.value().chars()).noneMatch(Character::isISOControl);
      if (destination.kind() == Kind.USER) {
        String rest = destination.shown().substring("/user".length());
        assertThat(Destination.ofUser(destination.user(), rest)).isEqualTo(destination);
      } else {
        assertThat(destination.value()).isEqualTo(text);
      }
    } catch (IllegalArgumentException none) {
      assertThat(none.getMessage()).endsWith(".");
    }
  }
}

package io.drumline.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/**
 * Whatever a client wishes to resume after: a cursor that reads back as itself, or one sentence.
 */
class CursorFuzz {

  @FuzzTest(maxDuration = "10m")
  void readsACursorOrSaysWhyNot(byte[] bytes) {
    try {
      Cursor cursor = Cursor.parse(new String(bytes, StandardCharsets.UTF_8));
      assertThat(cursor.offset()).isNotNegative();
      assertThat(Cursor.parse(cursor.messageId())).isEqualTo(cursor);
    } catch (IllegalArgumentException none) {
      assertThat(none.getMessage()).endsWith(".");
    }
  }
}

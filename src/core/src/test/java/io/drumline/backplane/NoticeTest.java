package io.drumline.backplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NoticeTest {

  @ParameterizedTest
  @ValueSource(strings = {"revoked", "a", "a-2", "abcdefghijklmnopqrstuvwxyz012345"})
  void hasAShortKind(String kind) {
    assertThat(Notice.of(kind).kind()).isEqualTo(kind);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Revoked", "2", "a b", "a\n", "abcdefghijklmnopqrstuvwxyz0123456"})
  void hasNoOtherKind(String kind) {
    assertThatThrownBy(() -> Notice.of(kind)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hasFieldsWithinBounds() {
    Map<String, String> many = new HashMap<>();
    for (int i = 0; i <= Notice.MAX_FIELDS; i++) {
      many.put("f" + i, "");
    }
    assertThatThrownBy(() -> new Notice("k", many)).hasMessage("A notice has at most 16 fields.");
    assertThatThrownBy(() -> new Notice("k", Map.of("", "")))
        .hasMessage("A notice has names of 1 to 64 bytes.");
    assertThatThrownBy(() -> new Notice("k", Map.of("\u00e9".repeat(33), "")))
        .hasMessage("A notice has names of 1 to 64 bytes.");
  }
}

package io.drumline.redis.state;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.backplane.Notice;
import io.drumline.redis.format.MalformedException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NoticeFormTest {
  private static final Notice NOTICE =
      new Notice("revoked", Map.of("user", "\u00c4nn", "long", "x".repeat(300)));

  @Test
  void readsWhatItWrites() throws Exception {
    assertThat(NoticeForm.read(NoticeForm.write(NOTICE))).isEqualTo(NOTICE);
    assertThat(NoticeForm.read(NoticeForm.write(Notice.of("k")))).isEqualTo(Notice.of("k"));
  }

  @Test
  void isWrittenLikeThis() {
    assertThat(NoticeForm.write(new Notice("kick", Map.of("u", "ann"))))
        .isEqualTo("\1\4kick\1\1u\0\3ann".getBytes(ISO_8859_1));
  }

  @Test
  void refusesWhatIsCutOrHasMore() {
    byte[] whole = NoticeForm.write(NOTICE);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> NoticeForm.read(cut)).isInstanceOf(MalformedException.class);
    }
    byte[] more = Arrays.copyOf(whole, whole.length + 1);
    assertThatThrownBy(() -> NoticeForm.read(more)).isInstanceOf(MalformedException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\2\4kick\0", // another version
        "\1\4KICK\0", // no kind
        "\1\0\0",
        "\1\4ki\nk\0",
        "\1\4kick\1\0\0\1x", // a name without length
        "\1\4kick\2\1u\0\1x\1u\0\1y", // a field twice
        "\1\4kick\1\1u\u00ff\u00ff", // a length beyond the end
        "\1\4kick\1\1u\0\1\u00ff", // no UTF-8
        "\1\4kick\u00ff",
        "{\"kind\":\"kick\"}",
      })
  void refusesWhatIsForeign(String bytes) {
    assertThatThrownBy(() -> NoticeForm.read(bytes.getBytes(ISO_8859_1)))
        .isInstanceOf(MalformedException.class);
  }
}

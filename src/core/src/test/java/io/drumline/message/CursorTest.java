package io.drumline.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CursorTest {
  private static final Destination TOPIC = Destination.parse("/topic/a");

  @Test
  void readsTheMessageIdOfAPublication() {
    Publication publication = publication("abcde1", 37, "node-9", "node-8");
    assertThat(publication.messageId()).isEqualTo("abcde1.11.node-9");
    Cursor cursor = Cursor.parse(publication.messageId());
    assertThat(cursor).isEqualTo(Cursor.after(publication));
    assertThat(cursor.offset()).isEqualTo(37);
    assertThat(cursor.messageId()).isEqualTo(publication.messageId());
  }

  @Test
  void readsThePointBeforeTheFirst() {
    Cursor start = new Cursor(new Position("abcde1", 0), "");
    assertThat(start.messageId()).isEqualTo("abcde1.0.");
    assertThat(Cursor.parse("abcde1.0.")).isEqualTo(start);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "node-9",
        "abcde1.11",
        "abc.1.x",
        "abcde1.0.x",
        "abcde1.-1.x",
        "abcde1.1.X",
        "ABCDE1.1.x",
        "abcde1.1234567890123.x",
        "abcde1.1.x.y",
        "abcde1.1.x\n",
        " abcde1.1.x"
      })
  void refusesWhatIsNone(String text) {
    assertThatThrownBy(() -> Cursor.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("It is not the message-id of a message that can be resumed.");
  }

  @Test
  void precedesOnlyTheNextOne() {
    Cursor cursor = new Cursor(new Position("abcde1", 5), "n-5");
    assertThat(cursor.precedes(publication("abcde1", 6, "n-6", "n-5"))).isTrue();
    assertThat(cursor.precedes(publication("abcde1", 7, "n-7", "n-5"))).isFalse();
    assertThat(cursor.precedes(publication("abcde2", 6, "n-6", "n-5"))).isFalse();
    assertThat(cursor.precedes(publication("abcde1", 6, "n-6", "m-5"))).isFalse();
  }

  private static Publication publication(String epoch, long offset, String id, String previousId) {
    return new Publication(
        TOPIC, new Position(epoch, offset), previousId, id, 1, new byte[0], new byte[0], null);
  }
}

package io.drumline.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PositionTest {

  @Test
  void aMessageIdIsEpochOffsetAndId() {
    assertThat(new Position("e", 71).messageId("m")).isEqualTo("e.1z.m");
  }

  @Test
  void aMessageWithoutPositionGoesByItsIdAlone() {
    assertThat(Position.NONE.messageId("m")).isEqualTo("m");
  }

  @Test
  void theLargestOffsetHasAMessageId() {
    assertThat(new Position("e", Long.MAX_VALUE).messageId("m")).isEqualTo("e.1y2p0ij32e8e7.m");
  }
}

package io.drumline.stomp.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.drumline.hub.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class StompEncoderTest {
  private static final ByteBufAllocator ALLOC = UnpooledByteBufAllocator.DEFAULT;
  private static final Header EVERY_ESCAPE = new Header("a:\\b", "\\ \n \r : é 🥁 \uFFFD");

  @Test
  void escapesABlockAs12() {
    assertThat(block(EVERY_ESCAPE, new Header("plain", "")))
        .isEqualTo("a\\c\\\\b:\\\\ \\n \\r \\c é 🥁 \uFFFD\nplain:\n");
  }

  @Test
  void readsBackTheBlockThatItWrote() {
    List<Header> headers =
        List.of(
            EVERY_ESCAPE, new Header("x", ""), new Header("x", " twice "), new Header("é", ":"));
    List<Header> read = new ArrayList<>();

    StompEncoder.forEach(
        StompEncoder.headerBlock(headers), (name, value) -> read.add(new Header(name, value)));

    assertThat(read).isEqualTo(headers);
  }

  @ParameterizedTest
  @ValueSource(strings = {"no colon\nx:y\n", "x:no line feed", "x:undefined \\t\n", "x:open \\\n"})
  void refusesToReadWhatIsNoBlock(String block) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StompEncoder.forEach(block.getBytes(UTF_8), (name, value) -> {}));
  }

  @Test
  void handsABlockFor12OnAsItIs() {
    byte[] block = StompEncoder.headerBlock(List.of(EVERY_ESCAPE));

    assertThat(StompEncoder.transcode(block, StompVersion.V1_2)).isSameAs(block);
  }

  @ParameterizedTest
  @EnumSource
  void copiesNoBlockWithoutEscapes(StompVersion version) {
    byte[] block = StompEncoder.headerBlock(List.of(new Header("content-type", "text/plain")));

    assertThat(StompEncoder.transcode(block, version)).isSameAs(block);
  }

  @Test
  void writesASpaceForACarriageReturnTo11() {
    assertThat(transcoded(StompVersion.V1_1, EVERY_ESCAPE, new Header("r", "\\r")))
        .isEqualTo("a\\c\\\\b:\\\\ \\n   \\c é 🥁 \uFFFD\nr:\\\\r\n");
  }

  @Test
  void unescapesFor10WithoutBreakingLinesOrNames() {
    assertThat(transcoded(StompVersion.V1_0, EVERY_ESCAPE, new Header("b:c", "d:e\\n")))
        .isEqualTo("a_\\b:\\     : é 🥁 \uFFFD\nb_c:d:e\\n\n");
  }

  @ParameterizedTest
  @EnumSource
  void transcodesToWhatItWouldHaveWritten(StompVersion version) {
    Header header = new Header("n:a\\m\ne\r", "v:a\\l\nu\re\\r");
    ByteBuf written = Unpooled.buffer();
    StompEncoder.writeHeader(written, header.name(), header.value(), version);

    assertThat(transcoded(version, header)).isEqualTo(written.toString(UTF_8));
  }

  @ParameterizedTest
  @EnumSource
  void neverWritesANulIntoAHeader(StompVersion version) {
    ByteBuf written = Unpooled.buffer();
    StompEncoder.writeHeader(written, "a\0b", "c\0d", version);

    assertThat(written.toString(UTF_8)).isEqualTo("a b:c d\n");
  }

  @Test
  void doesNotEscapeConnected() {
    assertThat(
            text(
                StompEncoder.connected(
                    ALLOC,
                    List.of(new Header("version", "1.2"), new Header("user-name", "a:\\é")))))
        .isEqualTo("CONNECTED\nversion:1.2\nuser-name:a:\\é\n\n\0");
  }

  @Test
  void keepsConnectedWholeWhateverItsValues() {
    assertThat(text(StompEncoder.connected(ALLOC, List.of(new Header("user-name", "a\n\r\0b")))))
        .isEqualTo("CONNECTED\nuser-name:a   b\n\n\0");
  }

  @Test
  void escapesAReceiptId() {
    assertThat(text(StompEncoder.receipt(ALLOC, "a:b\r", List.of(), StompVersion.V1_2)))
        .isEqualTo("RECEIPT\nreceipt-id:a\\cb\\r\n\n\0");
    assertThat(text(StompEncoder.receipt(ALLOC, "a:\\b", List.of(), StompVersion.V1_0)))
        .isEqualTo("RECEIPT\nreceipt-id:a:\\b\n\n\0");
  }

  @Test
  void writesAnErrorWithItsSentenceTwiceAndItsLengthInBytes() {
    assertThat(error("Nö: no.", "r:1", List.of(new Header("version", "1.0,1.1,1.2"))))
        .isEqualTo(
            """
            ERROR
            message:Nö\\c no.
            receipt-id:r\\c1
            version:1.0,1.1,1.2
            content-type:text/plain;charset=utf-8
            content-length:8

            Nö: no.\0\
            """);
  }

  @Test
  void writesNoReceiptIdThatWasNotAskedFor() {
    assertThat(error("No.", null, List.of())).doesNotContain("receipt-id");
  }

  @Test
  void leavesRoomForTheHeaderOfAWebSocketFrame() {
    ByteBuf frame = StompEncoder.receipt(ALLOC, "1", List.of(), StompVersion.V1_2);

    assertThat(frame.readerIndex()).isEqualTo(Frames.MAX_HEADER);
    frame.release();
  }

  private static String block(Header... headers) {
    return new String(StompEncoder.headerBlock(List.of(headers)), UTF_8);
  }

  private static String transcoded(StompVersion version, Header... headers) {
    return new String(
        StompEncoder.transcode(StompEncoder.headerBlock(List.of(headers)), version), UTF_8);
  }

  private static String error(String sentence, @Nullable String receiptId, List<Header> more) {
    return text(StompEncoder.error(ALLOC, sentence, receiptId, more, StompVersion.V1_2));
  }

  private static String text(ByteBuf frame) {
    String text = frame.toString(UTF_8);
    frame.release();
    return text;
  }
}

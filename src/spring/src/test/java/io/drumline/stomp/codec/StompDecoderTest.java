package io.drumline.stomp.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.drumline.message.CloseCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

class StompDecoderTest {
  private static final StompLimits LIMITS = new StompLimits(4, 100, 200, 150, 1000);
  private static final String DESTINATION = "SEND\ndestination:/topic/a\n";

  private final List<ClientFrame> frames = new ArrayList<>();

  @ParameterizedTest
  @EnumSource
  void knowsEveryCommand(ClientCommand command) {
    assertThat(only(StompVersion.V1_2, command + "\n\n\0").command()).isEqualTo(command);
  }

  @ParameterizedTest
  @ValueSource(strings = {"send", "MESSAGE", "CONNECTED", "SENDX", "SEN", "SEND ", " SEND", "\t"})
  void refusesOtherCommands(String command) {
    assertThat(refused(StompVersion.V1_2, command + "\n\n\0").closeCode())
        .isEqualTo(CloseCode.PROTOCOL_ERROR);
  }

  @Test
  void namesTheUnknownCommandOnlyIfItIsPrintable() {
    assertThat(refused(StompVersion.V1_2, "HELO\n\n")).hasMessageContaining("\"HELO\"");
    assertThat(refused(StompVersion.V1_2, "HE\u001bLO\n")).hasMessage(ClientCommand.MISSING);
  }

  @Test
  void refusesALineThatCannotBecomeACommandBeforeItEnds() {
    assertThat(refused(StompVersion.V1_2, "x".repeat(33))).hasMessage(ClientCommand.MISSING);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CONNECT\naccept-version:1.0,1.1\n\n\n\0",
        "CONNECT\n\n\n\0",
        "STOMP\naccept-version:1.1\n\n\n\0"
      })
  void letsALineFeedEndAConnectBefore12(String frame) {
    assertThat(only(frame).command().connects()).isTrue();
    assertThat(only(frame).body()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"V1_0", "V1_1"})
  void letsALineFeedEndAFrameWithoutBodyBefore12(StompVersion version) {
    assertThat(only(version, "SUBSCRIBE\nid:1\ndestination:/a\n\n\n\0").body()).isEmpty();
    assertThat(body(only(version, "SEND\ndestination:/a\n\n\n\0"))).isEqualTo("\n");
    refused(version, "SUBSCRIBE\n\n\n\n\0");
    refused(version, "SUBSCRIBE\n\n\nx\0");
    refused(version, "SUBSCRIBE\n\nx\n\0");
  }

  @Test
  void letsNoLineFeedEndAFrameOf12() {
    refused(StompVersion.V1_2, "SUBSCRIBE\n\n\n\0");
    assertThat(
            catchThrowableOfType(
                StompException.class, () -> only("CONNECT\naccept-version:1.1,1.2\n\n\n\0")))
        .hasMessageContaining("must not have a body");
  }

  @Test
  void readsHeadersInTheirOrder() {
    ClientFrame frame =
        only(StompVersion.V1_2, "SEND\ndestination:/topic/a\nx:1\nempty:\n\nhello\0");

    assertThat(frame.headers())
        .containsExactly(
            new Header("destination", "/topic/a"), new Header("x", "1"), new Header("empty", ""));
    assertThat(body(frame)).isEqualTo("hello");
  }

  @Test
  void sharesTheNamesOfCommonHeaders() {
    Header header = only(StompVersion.V1_2, DESTINATION + "\n\0").headers().get(0);

    assertThat(header.name()).isSameAs("destination");
  }

  @Test
  void keepsTheFirstOfARepeatedHeader() {
    ClientFrame frame = only(StompVersion.V1_2, "SEND\na:1\nb:2\na:3\nc:4\n\n\0");

    assertThat(frame.headers())
        .containsExactly(new Header("a", "1"), new Header("b", "2"), new Header("c", "4"));
    assertThat(frame.header("a")).isEqualTo("1");
    assertThat(frame.header("d")).isNull();
  }

  @Test
  void takesTheFirstOfARepeatedContentLength() {
    assertThat(body(only(StompVersion.V1_2, "SEND\ncontent-length:2\ncontent-length:1\n\nab\0")))
        .isEqualTo("ab");
  }

  @Test
  void unescapesNamesAndValuesIn12() {
    assertThat(only(StompVersion.V1_2, "SEND\na\\cb\\\\:\\n\\r\\c\\\\x\n\n\0").headers())
        .containsExactly(new Header("a:b\\", "\n\r:\\x"));
  }

  @Test
  void unescapesNamesAndValuesIn11() {
    assertThat(only(StompVersion.V1_1, "SEND\na\\cb\\\\:\\n\\c\\\\x\n\n\0").headers())
        .containsExactly(new Header("a:b\\", "\n:\\x"));
  }

  @Test
  void takesBackslashesLiterallyIn10() {
    assertThat(only(StompVersion.V1_0, "SEND\na\\cb:\\n\\r\\t\\\n\n\0").headers())
        .containsExactly(new Header("a\\cb", "\\n\\r\\t\\"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x:\\t", "x:a\\", "x\\t:a", "x\\:a", "x:\\N"})
  void refusesUndefinedAndDanglingEscapes(String line) {
    assertThat(refused(StompVersion.V1_2, "SEND\n" + line + "\n\n\0"))
        .hasMessageContaining("escape");
    assertThat(refused(StompVersion.V1_1, "SEND\n" + line + "\n\n\0"))
        .hasMessageContaining("escape");
  }

  @Test
  void refusesTheEscapedCarriageReturnIn11() {
    assertThat(refused(StompVersion.V1_1, "SEND\nx:\\r\n\n\0")).hasMessageContaining("1.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"CONNECT", "STOMP"})
  void neverUnescapesTheHeadersOfConnect(String command) {
    String connect = command + "\naccept-version:1.2\npasscode:\\t\\c:x\\\n\n\0";

    assertThat(only(connect).header("passcode")).isEqualTo("\\t\\c:x\\");
    assertThat(only(StompVersion.V1_2, connect).header("passcode")).isEqualTo("\\t\\c:x\\");
  }

  @Test
  void neverTrimsSince11() {
    assertThat(only(StompVersion.V1_1, "SEND\n a : b \n\n\0").headers())
        .containsExactly(new Header(" a ", " b "));
    assertThat(only("CONNECT\naccept-version:1.1\nlogin: me\n\n\0").header("login"))
        .isEqualTo(" me");
  }

  @Test
  void trimsPaddingIn10() {
    assertThat(only(StompVersion.V1_0, "SEND\na : b \ncontent-length: 1\n\nx\0").header("a"))
        .isEqualTo("b");
    assertThat(only("CONNECT\nlogin: me\n\n\0").header("login")).isEqualTo("me");
  }

  @Test
  void toleratesColonsInAValue() {
    assertThat(only(StompVersion.V1_2, "SEND\nu:http://a:1/\n\n\0").header("u"))
        .isEqualTo("http://a:1/");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nocolon", ":value", ":", " "})
  void refusesHeadersWithoutNameOrColon(String line) {
    refused(StompVersion.V1_2, "SEND\n" + line + "\n\n\0");
  }

  @Test
  void refusesANameThatIsOnlyPaddingIn10() {
    refused(StompVersion.V1_0, "SEND\n :x\n\n\0");
  }

  @Test
  void refusesABareCarriageReturnInAHeader() {
    refused(StompVersion.V1_2, "SEND\nx:a\rb\n\n\0");
    refused(StompVersion.V1_2, "SEND\nx:a\r\r\n\n\0");
    frames.clear();
    StompDecoder decoder = new StompDecoder(LIMITS);
    refused(decoder, "CONNECT\nlogin:a\rb\n\n\0");
  }

  @Test
  void acceptsCrLfLineEnds() {
    for (StompVersion version : StompVersion.values()) {
      ClientFrame frame = only(version, "SEND\r\ndestination:/a\r\n\r\n\r\nbody\r\n\0");
      assertThat(frame.header("destination")).isEqualTo("/a");
      assertThat(body(frame)).isEqualTo("\r\nbody\r\n");
    }
    assertThat(only("CONNECT\r\nhost:h\r\n\r\n\0").header("host")).isEqualTo("h");
  }

  @Test
  void readsUtf8InNamesAndValues() {
    assertThat(only(StompVersion.V1_2, "SEND\nschlüssel🥁:\uFFFDwért\\n\n\n\0").headers())
        .containsExactly(new Header("schlüssel🥁", "\uFFFDwért\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u00c3", "\u00ff", "\u00c0\u0080", "\u00ed\u00a0\u0080", "\u0080x"})
  void refusesHeadersThatAreNotUtf8(String bytes) {
    StompDecoder decoder = connected(StompVersion.V1_2);

    assertThat(refused(decoder, ("SEND\nx:" + bytes + "\n").getBytes(ISO_8859_1)))
        .hasMessageContaining("UTF-8");
  }

  @Test
  void endsABodyOfDeclaredLengthWhereItSays() {
    assertThat(body(only(StompVersion.V1_2, "SEND\ncontent-length:5\n\na\0\0b\0\0")))
        .isEqualTo("a\0\0b\0");
  }

  @Test
  void endsABodyOfNoDeclaredLengthAtItsFirstNul() {
    decode(connected(StompVersion.V1_2), DESTINATION + "\nab\0SEND\n\ncd\0");

    assertThat(frames).extracting(StompDecoderTest::body).containsExactly("ab", "cd");
  }

  @Test
  void acceptsEmptyBodies() {
    decode(connected(StompVersion.V1_2), "SEND\n\n\0SEND\ncontent-length:0\n\n\0");

    assertThat(frames).extracting(StompDecoderTest::body).containsExactly("", "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "2"})
  void refusesABodyLongerThanDeclared(String length) {
    assertThat(refused(StompVersion.V1_2, "SEND\ncontent-length:" + length + "\n\nabc\0"))
        .hasMessageContaining("content-length");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "", " 1", "+1", "0x1", "1.0", "٣"})
  void refusesAContentLengthThatIsNoNumber(String length) {
    assertThat(refused(StompVersion.V1_2, "SEND\ncontent-length:" + length + "\n\n"))
        .hasMessageContaining("content-length");
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "SEND")
  void refusesABodyOnEveryCommandButSend(ClientCommand command) {
    refused(StompVersion.V1_2, command + "\n\nbody\0");
    refused(StompVersion.V1_2, command + "\ncontent-length:4\n\n");
    assertThat(only(StompVersion.V1_2, command + "\ncontent-length:0\n\n\0").body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"SEND\0", "SEND\nx:y\0", "SEND\nx:y\0\n\n", "SEND\nx:y\n\0", "S\0END\n\n"})
  void refusesANulInTheHead(String start) {
    refused(StompVersion.V1_2, start);
  }

  @Test
  void ignoresEolsAndNulsBetweenFrames() {
    StompDecoder decoder = new StompDecoder(LIMITS);
    decode(decoder, "\n\r\n\0\n");
    decode(decoder, "\nCONNECT\n\n\0\n\n\r\n\0\0DISCONNECT\n\n\0\n");

    assertThat(frames)
        .extracting(ClientFrame::command)
        .containsExactly(ClientCommand.CONNECT, ClientCommand.DISCONNECT);
  }

  @Test
  void readsAStreamOfSingleBytes() {
    StompDecoder decoder = connected(StompVersion.V1_2);
    byte[] bytes =
        "\r\nSEND\r\nk\\\\é:v\\r🥁\r\ncontent-length:3\r\n\r\nx\0y\0\nSEND\n\nyz\0".getBytes(UTF_8);
    for (byte b : bytes) {
      decode(decoder, new byte[] {b});
    }

    assertThat(frames).extracting(StompDecoderTest::body).containsExactly("x\0y", "yz");
    assertThat(frames.get(0).header("k\\é")).isEqualTo("v\r🥁");
  }

  @Test
  void readsDirectBuffersFromWhereTheirReaderStands() {
    ByteBuf in = Unpooled.directBuffer().writeBytes("xxSEND\nx:y\n\nbody\0".getBytes(UTF_8));
    in.skipBytes(2);
    connected(StompVersion.V1_2).decode(in, frames::add);

    assertThat(in.isReadable()).isFalse();
    assertThat(in.refCnt()).isEqualTo(1);
    in.release();
    assertThat(body(frames.get(0))).isEqualTo("body");
  }

  @Test
  void appliesTheNegotiatedVersionToTheNextFrameOfTheSameBuffer() {
    StompDecoder decoder = new StompDecoder(LIMITS);
    decoder.decode(
        buffer("CONNECT\naccept-version:1.2\nx:\\n\n\n\0SEND\nx:\\n\n\n\0".getBytes(UTF_8)),
        frame -> {
          if (frame.command() == ClientCommand.CONNECT) {
            decoder.connected(StompVersion.V1_2);
          }
          frames.add(frame);
        });

    assertThat(frames).extracting(frame -> frame.header("x")).containsExactly("\\n", "\n");
  }

  @Test
  void connectsOnlyOnce() {
    StompDecoder decoder = connected(StompVersion.V1_2);

    assertThatIllegalStateException().isThrownBy(() -> decoder.connected(StompVersion.V1_1));
  }

  @Test
  void ignoresEverythingOnceStopped() {
    StompDecoder decoder = connected(StompVersion.V1_2);
    ByteBuf in = buffer("DISCONNECT\n\n\0SEND\n\n\0rubbish".getBytes(UTF_8));
    decoder.decode(
        in,
        frame -> {
          frames.add(frame);
          decoder.stop();
        });
    decode(decoder, "SEND\n\n\0");

    assertThat(frames).extracting(ClientFrame::command).containsExactly(ClientCommand.DISCONNECT);
    assertThat(in.isReadable()).isFalse();
  }

  @Test
  void ignoresWhatFollowsAnError() {
    StompDecoder decoder = connected(StompVersion.V1_2);
    refused(decoder, "RUBBISH\n\n");
    decode(decoder, "\n\nSEND\n\n\0");

    assertThat(frames).isEmpty();
  }

  @Test
  void handsOverTheFramesBeforeTheBrokenOne() {
    refused(connected(StompVersion.V1_2), "SEND\n\na\0RUBBISH\n\n");

    assertThat(frames).hasSize(1);
  }

  @Test
  void tellsTheReceiptThatTheBrokenFrameAskedFor() {
    assertThat(refused(StompVersion.V1_2, "SEND\nreceipt:r\\c1\nbroken\n\n\0").receiptId())
        .isEqualTo("r:1");
    assertThat(refused(StompVersion.V1_2, "SEND\nreceipt:r\ncontent-length:1\n\nab").receiptId())
        .isEqualTo("r");
    assertThat(refused(StompVersion.V1_2, "SEND\nbroken\nreceipt:r\n\n\0").receiptId()).isNull();
    assertThat(refused(StompVersion.V1_2, "SEND\nreceipt:r\n\n\0RUBBISH\n\n").receiptId()).isNull();
    assertThat(refused(StompVersion.V1_2, "RUBBISH\nreceipt:r\n\n").receiptId()).isEqualTo("r");
  }

  @Test
  void countsHeadersWithTheirRepeats() {
    assertThat(only(StompVersion.V1_2, "SEND\na:\na:\na:\na:\n\n\0").headers()).hasSize(1);
    assertThat(refused(StompVersion.V1_2, "SEND\na:\na:\na:\na:\na:\n").closeCode())
        .isEqualTo(CloseCode.TOO_BIG);
    frames.clear();
    decode(connected(StompVersion.V1_2), "SEND\na:\nb:\nc:\n\n\0SEND\na:\nb:\nc:\n\n\0");
    assertThat(frames).hasSize(2);
  }

  @Test
  void boundsAHeaderLineBeforeItEnds() {
    String line = "a:" + "x".repeat(98);
    assertThat(only(StompVersion.V1_2, "SEND\n" + line + "\n\n\0").headers()).hasSize(1);
    tooBigWholeAndInPieces(StompVersion.V1_2, "SEND\n" + line + "x");
  }

  @Test
  void boundsTheHeadersOfAFrameTogether() {
    String line = "x".repeat(50) + ":\n";
    assertThat(only(StompVersion.V1_2, "SEND\n" + line + line + line + "\n\0").body()).isEmpty();
    tooBigWholeAndInPieces(StompVersion.V1_2, "SEND\n" + line + line + line + line);
    frames.clear();
    String frame = "SEND\n" + line + line + line + "\n\0";
    decode(connected(StompVersion.V1_2), frame + frame);
    assertThat(frames).hasSize(2);
  }

  @Test
  void acceptsABodyOfExactlyTheLimit() {
    String body = "x".repeat(1000);
    assertThat(body(only(StompVersion.V1_2, DESTINATION + "\n" + body + "\0"))).isEqualTo(body);
    assertThat(body(only(StompVersion.V1_2, DESTINATION + "content-length:1000\n\n" + body + "\0")))
        .isEqualTo(body);
  }

  @Test
  void boundsABodyOfNoDeclaredLength() {
    tooBigWholeAndInPieces(StompVersion.V1_2, DESTINATION + "\n" + "x".repeat(1001));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1001", "4294967296", "10737418240", "99999999999999999999999999"})
  void refusesADeclaredLengthOverTheLimitBeforeTheBody(String length) {
    assertThat(refused(StompVersion.V1_2, "SEND\ncontent-length:" + length + "\n\n").closeCode())
        .isEqualTo(CloseCode.TOO_BIG);
  }

  @Test
  void boundsAWholeFrameMoreBeforeConnect() {
    String head = "SEND\nx:" + "y".repeat(92) + "\n\n"; // 101 bytes
    assertThat(body(only(head + "x".repeat(49) + "\0"))).hasSize(49);
    assertThat(refused(new StompDecoder(LIMITS), head + "x".repeat(50)).closeCode())
        .isEqualTo(CloseCode.TOO_BIG);
    String line = "x".repeat(70) + ":\n";
    assertThat(refused(new StompDecoder(LIMITS), "CONNECT\n" + line + line).closeCode())
        .isEqualTo(CloseCode.TOO_BIG);
  }

  private void tooBigWholeAndInPieces(StompVersion version, String bytes) {
    assertThat(refused(version, bytes).closeCode()).isEqualTo(CloseCode.TOO_BIG);
    StompDecoder decoder = connected(version);
    int last = bytes.length() - 1;
    for (int i = 0; i < last; i++) {
      decode(decoder, bytes.substring(i, i + 1));
    }
    assertThat(refused(decoder, bytes.substring(last)).closeCode()).isEqualTo(CloseCode.TOO_BIG);
  }

  private ClientFrame only(StompVersion version, String bytes) {
    return only(connected(version), bytes);
  }

  /** Of a client that is not connected. */
  private ClientFrame only(String bytes) {
    return only(new StompDecoder(LIMITS), bytes);
  }

  private ClientFrame only(StompDecoder decoder, String bytes) {
    frames.clear();
    decode(decoder, bytes);
    assertThat(frames).hasSize(1);
    return frames.get(0);
  }

  private StompException refused(StompVersion version, String bytes) {
    return refused(connected(version), bytes);
  }

  private StompException refused(StompDecoder decoder, String bytes) {
    return refused(decoder, bytes.getBytes(UTF_8));
  }

  private StompException refused(StompDecoder decoder, byte[] bytes) {
    StompException refusal =
        catchThrowableOfType(StompException.class, () -> decode(decoder, bytes));
    assertThat(refusal).isNotNull();
    return refusal;
  }

  private void decode(StompDecoder decoder, String bytes) {
    decode(decoder, bytes.getBytes(UTF_8));
  }

  private void decode(StompDecoder decoder, byte[] bytes) {
    ByteBuf in = buffer(bytes);
    decoder.decode(in, frames::add);
    assertThat(in.isReadable()).isFalse();
  }

  private static ByteBuf buffer(byte[] bytes) {
    return Unpooled.wrappedBuffer(bytes);
  }

  private static StompDecoder connected(StompVersion version) {
    StompDecoder decoder = new StompDecoder(LIMITS);
    decoder.connected(version);
    return decoder;
  }

  private static String body(ClientFrame frame) {
    return new String(frame.body(), UTF_8);
  }
}

package io.drumline.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FramesTest {
  private static final ByteBufAllocator ALLOC = UnpooledByteBufAllocator.DEFAULT;

  @ParameterizedTest
  @CsvSource({"0, 2", "125, 2", "126, 4", "65535, 4", "65536, 10", "70000, 10"})
  void aClientReadsFramesOfEveryLength(int payload, int header) {
    assertThat(Frames.headerLength(payload)).isEqualTo(header);
    ByteBuf out = Unpooled.buffer();
    Frames.writeHeader(out, Frames.Payload.BINARY, Compression.NONE, payload);
    assertThat(out.readableBytes()).isEqualTo(header);

    WebSocketFrame frame = read(out.writeZero(payload));

    assertThat(frame).isInstanceOf(BinaryWebSocketFrame.class);
    assertThat(frame.isFinalFragment()).isTrue();
    assertThat(frame.rsv()).isZero();
    assertThat(frame.content().readableBytes()).isEqualTo(payload);
  }

  @Test
  void saysThatAPayloadIsTextOrCompressed() {
    ByteBuf out = Unpooled.buffer();
    Frames.writeHeader(out, Frames.Payload.TEXT, Compression.DEFLATE, 1);

    WebSocketFrame frame = read(out.writeByte('x'));

    assertThat(frame).isInstanceOf(TextWebSocketFrame.class);
    assertThat(frame.rsv()).isEqualTo(4);
  }

  @Test
  void closesWithCodeAndReason() {
    CloseWebSocketFrame close = (CloseWebSocketFrame) read(Frames.close(ALLOC, 4001, "Too slow."));

    assertThat(close.statusCode()).isEqualTo(4001);
    assertThat(close.reasonText()).isEqualTo("Too slow.");
  }

  @Test
  void closesWithoutCode() {
    assertThat(((CloseWebSocketFrame) read(Frames.emptyClose(ALLOC))).statusCode()).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "xx", "xxx"})
  void cutsAReasonBetweenCharacters(String shift) {
    String reason = shift + "🥁".repeat(40);

    CloseWebSocketFrame close = (CloseWebSocketFrame) read(Frames.close(ALLOC, 1002, reason));

    assertThat(reason).startsWith(close.reasonText());
    assertThat(close.reasonText().getBytes(UTF_8).length).isBetween(120, 123);
  }

  @Test
  void keepsTheLongestReasonWhole() {
    String reason = "x".repeat(123);

    assertThat(((CloseWebSocketFrame) read(Frames.close(ALLOC, 1002, reason))).reasonText())
        .isEqualTo(reason);
  }

  @Test
  void pings() {
    WebSocketFrame ping = read(Frames.ping(ALLOC));

    assertThat(ping).isInstanceOf(PingWebSocketFrame.class);
    assertThat(ping.content().readableBytes()).isZero();
  }

  @Test
  void pingsWithANumber() {
    WebSocketFrame ping = read(Frames.ping(ALLOC, 0x0123456789ABCDEFL));

    assertThat(ping).isInstanceOf(PingWebSocketFrame.class);
    assertThat(ping.content().readableBytes()).isEqualTo(8);
    assertThat(ping.content().readLong()).isEqualTo(0x0123456789ABCDEFL);
  }

  @Test
  void answersPingWithSamePayload() {
    ByteBuf payload = Unpooled.copiedBuffer("x".repeat(125), UTF_8);

    WebSocketFrame pong = read(Frames.pong(ALLOC, payload));

    assertThat(pong).isInstanceOf(PongWebSocketFrame.class);
    assertThat(pong.content()).isEqualTo(payload);
    assertThat(payload.readableBytes()).isEqualTo(125);
  }

  @ParameterizedTest
  @EnumSource
  void theHeartBeatCanBeSentAgainAndAgain(Frames.Payload kind) {
    for (int i = 0; i < 3; i++) {
      WebSocketFrame beat = read(Frames.heartBeat(kind));

      assertThat(beat)
          .isInstanceOf(
              kind == Frames.Payload.TEXT ? TextWebSocketFrame.class : BinaryWebSocketFrame.class);
      assertThat(beat.content().toString(UTF_8)).isEqualTo("\n");
      beat.release();
    }
  }

  @Test
  void tellsUtf8FromOtherBytes() {
    assertThat(Frames.isUtf8("é 🥁".getBytes(UTF_8))).isTrue();
    assertThat(Frames.isUtf8(new byte[0])).isTrue();
    assertThat(Frames.isUtf8(new byte[] {'x', (byte) 0xC3})).isFalse();
    assertThat(Frames.isUtf8(new byte[] {(byte) 0xFF})).isFalse();
    assertThat(Frames.isUtf8(new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80})).isFalse();
  }

  private static WebSocketFrame read(ByteBuf bytes) {
    EmbeddedChannel client =
        new EmbeddedChannel(
            new WebSocket13FrameDecoder(
                WebSocketDecoderConfig.newBuilder()
                    .expectMaskedFrames(false)
                    .allowExtensions(true)
                    .maxFramePayloadLength(1 << 20)
                    .build()));
    client.writeInbound(bytes);
    WebSocketFrame frame = client.readInbound();
    Object more = client.readInbound();
    assertThat(more).isNull();
    return frame;
  }
}

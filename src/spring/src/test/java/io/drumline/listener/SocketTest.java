package io.drumline.listener;

import static io.drumline.testing.RawWebSocket.BINARY;
import static io.drumline.testing.RawWebSocket.CLOSE;
import static io.drumline.testing.RawWebSocket.CONTINUATION;
import static io.drumline.testing.RawWebSocket.FIN;
import static io.drumline.testing.RawWebSocket.PING;
import static io.drumline.testing.RawWebSocket.PONG;
import static io.drumline.testing.RawWebSocket.TEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.hub.Compression;
import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.hub.Pause;
import io.drumline.message.CloseCode;
import io.drumline.testing.RawWebSocket;
import io.drumline.testing.RawWebSocket.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Over WebSocket, after the upgrade. */
class SocketTest {
  private static final int RSV1 = 0x40;

  private TestListener listener = new TestListener();
  private RawWebSocket socket;

  @AfterEach
  void stop() throws IOException {
    socket.close();
    listener.close();
  }

  @BeforeEach
  void connect() throws IOException {
    socket = RawWebSocket.connect(listener.port(), "v12.stomp");
  }

  private void connect(String... settings) throws IOException {
    stop();
    listener = new TestListener(settings);
    connect();
  }

  private void connectDeflating(String... settings) throws IOException {
    stop();
    listener = new TestListener(settings);
    socket =
        RawWebSocket.to(listener.port())
            .header("Sec-WebSocket-Extensions", "permessage-deflate")
            .connect();
    assertThat(socket.upgradeResponse().header("Sec-WebSocket-Extensions"))
        .startsWith("permessage-deflate");
  }

  private Connection connection() throws InterruptedException {
    Connection connection = listener.connections.poll(10, TimeUnit.SECONDS);
    assertThat(connection).isNotNull();
    return connection;
  }

  private void assertClosed(int code) throws IOException {
    Frame close = socket.next();
    assertThat(close.opcode()).as(close.toString()).isEqualTo(CLOSE);
    assertThat(close.closeCode()).as(close.toString()).isEqualTo(code);
    // Before the 8 s after which a socket is given up: the server ends its half at once.
    assertThat(socket.ended(Duration.ofSeconds(6))).isTrue();
    socket.close();
  }

  private void assertEndedWith(int code) throws InterruptedException {
    assertThat(listener.endings.poll(10, TimeUnit.SECONDS)).isEqualTo(code);
  }

  private void assertReceived(String text) {
    await().until(() -> listener.received().length >= bytes(text).length);
    assertThat(listener.received()).asString(StandardCharsets.UTF_8).isEqualTo(text);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] deflate(byte[] bytes) {
    Deflater deflater = new Deflater(9, true);
    byte[] deflated = deflate(deflater, bytes);
    deflater.end();
    return deflated;
  }

  /** With the context of what this deflater had before. */
  private static byte[] deflate(Deflater deflater, byte[] bytes) {
    deflater.setInput(bytes);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[4096];
    int length;
    while ((length = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH)) > 0) {
      out.write(buffer, 0, length);
    }
    return Arrays.copyOf(out.toByteArray(), out.size() - 4); // RFC 7692: without 00 00 ff ff
  }

  @Test
  void handsOverTextAndBinaryAlike() throws IOException {
    socket.text("päck");
    socket.binary(bytes("chen"));
    assertReceived("päckchen");
  }

  @Test
  void handsOverFragmentsWithControlFramesBetween() throws IOException {
    socket.frame(TEXT, true, bytes("one "));
    socket.frame(FIN | PING, true, bytes("?"));
    socket.frame(CONTINUATION, true, bytes("two "));
    socket.frame(FIN | CONTINUATION, true, bytes("three"));
    assertThat(socket.next().text()).isEqualTo("?");
    assertReceived("one two three");
  }

  @Test
  void joinsUtf8OverFragments() throws IOException {
    byte[] text = bytes("\u00fc");
    socket.frame(TEXT, true, Arrays.copyOf(text, 1));
    socket.frame(FIN | CONTINUATION, true, Arrays.copyOfRange(text, 1, 2));
    assertReceived("\u00fc");
  }

  @Test
  void takesAnyBytesInBinary() throws IOException {
    socket.binary(new byte[] {(byte) 0xC3, 0, (byte) 0xFF});
    await().until(() -> listener.received().length == 3);
    assertThat(listener.received()).containsExactly(0xC3, 0, 0xFF);
  }

  @Test
  void answersPingWithSamePayload() throws IOException {
    byte[] payload = new byte[125];
    Arrays.fill(payload, (byte) 0xAB);
    socket.frame(FIN | PING, true, payload);
    Frame pong = socket.next();
    assertThat(pong.opcode()).isEqualTo(PONG);
    assertThat(pong.payload()).isEqualTo(payload);
  }

  @Test
  void ignoresPongsNobodyAskedFor() throws IOException {
    socket.frame(FIN | PONG, true, bytes("hello"));
    socket.frame(FIN | PING, true, new byte[0]);
    assertThat(socket.next().opcode()).isEqualTo(PONG);
  }

  @Test
  void handsOverTheNumbersThatPongsBringBack() throws Exception {
    Connection connection = connection();
    connection.execute(() -> connection.ping(0x0123456789ABCDEFL));
    Frame ping = socket.next();
    assertThat(ping.opcode()).isEqualTo(PING);
    for (int length : new int[] {0, 7, 9, 125}) {
      socket.frame(FIN | PONG, true, new byte[length]);
    }
    socket.frame(FIN | PONG, true, ping.payload());

    assertThat(listener.pongs.poll(10, TimeUnit.SECONDS)).isEqualTo(0x0123456789ABCDEFL);
    assertThat(listener.pongs).isEmpty();
  }

  @Test
  void closesOnTooLargeFrames() throws Exception {
    connect("max-frame-bytes", "1000");
    socket.binary(new byte[1000]);
    socket.binary(new byte[1001]);
    assertClosed(1009);
    assertEndedWith(1009);
    assertThat(listener.received()).hasSize(1000);
  }

  @Test
  void tellsWhoIsStillSendingThatItIsTooMuch() throws IOException {
    connect("max-frame-bytes", "1000");
    socket.raw(new byte[] {(byte) (FIN | BINARY), (byte) 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 0});
    socket.raw(new byte[1 << 20]);
    assertClosed(1009);
  }

  @Test
  void closesOnTooLargeMessages() throws IOException {
    connect("max-message-bytes", "1000");
    socket.binary(new byte[1000]);
    socket.frame(BINARY, true, new byte[600]);
    socket.frame(CONTINUATION, true, new byte[401]);
    assertClosed(1009);
    assertThat(listener.received()).hasSize(1600);
  }

  @Test
  void closesOnTextThatIsNotUtf8() throws IOException {
    socket.frame(FIN | TEXT, true, new byte[] {'a', (byte) 0xFF});
    assertClosed(1007);
    assertThat(listener.received()).isEmpty();
  }

  @Test
  void closesOnTextThatEndsInsideACharacter() throws IOException {
    socket.frame(TEXT, true, bytes("a"));
    socket.frame(FIN | CONTINUATION, true, new byte[] {(byte) 0xC3});
    assertClosed(1007);
  }

  @Test
  void closesOnUnmaskedFrames() throws Exception {
    socket.frame(FIN | TEXT, false, bytes("a"));
    assertClosed(1002);
    assertEndedWith(1002);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        FIN | 0x3, // reserved data opcode
        FIN | 0xB, // reserved control opcode
        FIN | RSV1 | TEXT,
        FIN | 0x20 | TEXT,
        FIN | 0x10 | TEXT,
        PING, // a fragmented control frame
        FIN | CONTINUATION, // of nothing
      })
  void closesOnMalformedFrames(int firstByte) throws IOException {
    socket.frame(firstByte, true, bytes("a"));
    assertClosed(1002);
  }

  @Test
  void closesOnAMessageInsideAMessage() throws IOException {
    socket.frame(TEXT, true, bytes("a"));
    socket.frame(FIN | TEXT, true, bytes("b"));
    assertClosed(1002);
  }

  @Test
  void closesOnLongControlFrames() throws IOException {
    socket.frame(FIN | PING, true, new byte[126]);
    assertClosed(1002);
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001, 1011, 3000, 4999})
  void answersCloseWithSameCode(int code) throws Exception {
    socket.closeFrame(code, "bye");
    assertClosed(code);
    assertEndedWith(code);
  }

  @Test
  void answersCloseWithoutCode() throws Exception {
    socket.frame(FIN | CLOSE, true, new byte[0]);
    assertClosed(1005);
    assertEndedWith(1005);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535})
  void refusesInvalidCloseCodes(int code) throws IOException {
    socket.closeFrame(code, "");
    assertClosed(1002);
  }

  @Test
  void refusesMalformedClosePayloads() throws IOException {
    socket.frame(FIN | CLOSE, true, new byte[] {3});
    assertClosed(1002);
  }

  @Test
  void refusesCloseReasonsThatAreNotUtf8() throws IOException {
    socket.frame(FIN | CLOSE, true, new byte[] {0x03, (byte) 0xE8, (byte) 0xFF});
    assertClosed(1007);
  }

  @Test
  void endsTheSocketWhenItsCloseIsAnswered() throws Exception {
    Connection connection = connection();
    connection.execute(() -> connection.close(CloseCode.GOING_AWAY, "Restart."));
    Frame close = socket.next();
    assertThat(close.closeCode()).isEqualTo(1001);
    assertThat(close.closeReason()).isEqualTo("Restart.");
    socket.text("still sent before the Close came");
    socket.closeFrame(1001, "");
    assertThat(socket.ended()).isTrue();
    assertEndedWith(1001);
    assertThat(listener.received()).isEmpty();
  }

  @Test
  void reportsSocketsThatJustEnd() throws Exception {
    socket.close();
    assertEndedWith(1006);
    connect();
    socket.reset();
    assertEndedWith(1006);
  }

  @Test
  void closesWhenTheSessionFails() throws Exception {
    listener.onBytes =
        (connection, bytes) -> {
          throw new IllegalStateException("a fault, to be logged");
        };
    socket.text("a");
    Frame close = socket.next();
    assertThat(close.closeCode()).isEqualTo(1011);
    assertThat(close.closeReason()).doesNotContain("fault");
  }

  @Test
  void pingsSilentClientsAndClosesThoseThatStaySo() throws Exception {
    connect("ping-interval", "200ms", "ping-timeout", "200ms");
    assertThat(socket.next().opcode()).isEqualTo(PING);
    socket.frame(FIN | PONG, true, new byte[0]);
    assertThat(socket.next().opcode()).isEqualTo(PING);
    Frame close = socket.next();
    assertThat(close.closeCode()).isEqualTo(4002);
    socket.closeFrame(4002, "");
    assertThat(socket.ended()).isTrue();
    assertEndedWith(4002);
  }

  @Test
  void takesPartsOfAFrameForASignOfLife() throws IOException {
    connect("ping-interval", "100ms", "ping-timeout", "300ms");
    byte[] message = RawWebSocket.encode(FIN | TEXT, true, bytes("a"));
    for (byte b : message) {
      assertThat(socket.next().opcode()).isEqualTo(PING); // so it goes on for longer than both
      socket.raw(new byte[] {b});
    }
    assertReceived("a");
  }

  @Test
  void expectsNothingWhileItDoesNotRead() throws Exception {
    connect("ping-interval", "100ms", "ping-timeout", "100ms");
    Connection connection = connection();
    connection.execute(() -> connection.pause(Pause.IN_FLIGHT));
    assertThat(socket.answerPings().poll(Duration.ofSeconds(1)).map(Frame::opcode)).isEmpty();
    connection.execute(() -> connection.goOn(Pause.IN_FLIGHT));
    socket.text("now");
    assertReceived("now");
  }

  @Test
  void readsOnlyWhenNoReasonToPauseIsLeft() throws Exception {
    Connection connection = connection();
    connection.execute(
        () -> {
          connection.pause(Pause.IN_FLIGHT);
          connection.pause(Pause.TOO_FAST);
          connection.pause(Pause.TOO_FAST);
          connection.goOn(Pause.TOO_FAST);
        });
    socket.text("later");
    CompletableFuture<Boolean> reading = new CompletableFuture<>();
    connection.execute(() -> reading.complete(connection.isReading()));
    assertThat(reading.get(5, TimeUnit.SECONDS)).isFalse();
    connection.execute(() -> connection.goOn(Pause.IN_FLIGHT));
    assertReceived("later");
  }

  @Test
  void takesAMessageInAsManyFramesAsItMayHaveAndNoMore() throws IOException {
    connect("max-fragments", "3");
    for (int message = 0; message < 2; message++) {
      socket.frame(TEXT, true, bytes("a"));
      socket.frame(CONTINUATION, true, bytes(""));
      socket.frame(FIN | CONTINUATION, true, bytes("b"));
    }
    assertReceived("abab");
    socket.frame(TEXT, true, bytes(""));
    for (int i = 0; i < 3; i++) {
      socket.frame(CONTINUATION, true, bytes(""));
    }
    assertClosed(1009);
    assertThat(listener.exceeded("fragments")).isEqualTo(1);
  }

  @Test
  void sendsWholeFramesOnly() throws Exception {
    Connection connection = connection();
    byte[] large = new byte[300_000];
    connection.execute(
        () -> {
          ByteBuf frame = Unpooled.buffer();
          Frames.writeHeader(frame, Frames.Payload.BINARY, Compression.NONE, large.length);
          connection.write(frame.writeBytes(large));
          connection.write(Frames.heartBeat(Frames.Payload.TEXT));
        });
    Frame first = socket.next();
    assertThat(first.fin()).isTrue();
    assertThat(first.rsv()).isZero();
    assertThat(first.payload()).hasSize(large.length);
    assertThat(socket.next().text()).isEqualTo("\n");
  }

  /** With the kernel's own buffer, which grows, none of this would wait here. */
  @Test
  void whatTheSendBufferDoesNotHoldWaitsHere() throws Exception {
    stop();
    listener = new TestListener("send-buffer", "32KB");
    socket = RawWebSocket.to(listener.port()).receiveBuffer(16 * 1024).connect();
    Connection connection = connection();
    byte[] part = new byte[8 * 1024];
    connection.execute(
        () -> {
          for (int i = 0; i < 100; i++) {
            ByteBuf frame = Unpooled.buffer();
            Frames.writeHeader(frame, Frames.Payload.BINARY, Compression.NONE, part.length);
            connection.write(frame.writeBytes(part));
          }
        });
    await().until(() -> listener.meters.get("drumline.queue.bytes").gauge().value() > 500_000);
  }

  @Test
  void inflatesMessagesWholeAndInFragments() throws IOException {
    connectDeflating("compression", "true");
    byte[] deflated = deflate(bytes("hällo hällo "));
    socket.frame(FIN | RSV1 | TEXT, true, deflated);
    socket.frame(RSV1 | TEXT, true, Arrays.copyOf(deflated, 3));
    socket.frame(FIN | CONTINUATION, true, Arrays.copyOfRange(deflated, 3, deflated.length));
    socket.text("plain");
    assertReceived("hällo hällo hällo hällo plain");
  }

  @Test
  void inflatesMessagesThatReferToThoseBefore() throws IOException {
    connectDeflating("compression", "true");
    String text = "a text that is not to be found in itself: 0123456789";
    Deflater deflater = new Deflater(9, true);
    int first = 0;
    for (int i = 0; i < 3; i++) {
      byte[] deflated = deflate(deflater, bytes(text));
      first = i == 0 ? deflated.length : first;
      assertThat(deflated.length).isLessThanOrEqualTo(i == 0 ? first : first / 2);
      socket.frame(FIN | RSV1 | TEXT, true, deflated);
    }
    deflater.end();
    assertReceived(text.repeat(3));
  }

  @Test
  void servesWithoutCompressionWhenItsMemoryIsUsedUp() throws IOException {
    connectDeflating("compression", "true", "compression-memory", "48KB");
    assertThat(agreed("permessage-deflate")).isEmpty();
    assertThat(listener.meters.get("drumline.compression.declined").counter().count()).isEqualTo(1);
    assertThat(agreed("permessage-deflate; client_no_context_takeover"))
        .isEqualTo("permessage-deflate; client_no_context_takeover");

    socket.close();
    await().until(() -> listener.meters.get("drumline.compression.bytes").gauge().value() == 0);
    assertThat(agreed("permessage-deflate")).isEqualTo("permessage-deflate");
  }

  /** What the server agrees to, of this offer. */
  private String agreed(String offer) throws IOException {
    try (RawWebSocket other =
        RawWebSocket.to(listener.port()).header("Sec-WebSocket-Extensions", offer).connect()) {
      return other.upgradeResponse().header("Sec-WebSocket-Extensions");
    }
  }

  @Test
  void closesOnMessagesThatInflateTooFar() throws IOException {
    connectDeflating("compression", "true", "max-message-bytes", "100KB");
    socket.frame(FIN | RSV1 | BINARY, true, deflate(new byte[50_000_000]));
    assertClosed(1009);
    assertThat(listener.received()).isEmpty();
  }

  @Test
  void closesOnFragmentsThatInflateTooFar() throws IOException {
    connectDeflating("compression", "true", "max-message-bytes", "100KB");
    byte[] deflated = deflate(new byte[300_000]);
    int half = deflated.length / 2;
    socket.frame(RSV1 | BINARY, true, Arrays.copyOf(deflated, half));
    socket.frame(FIN | CONTINUATION, true, Arrays.copyOfRange(deflated, half, deflated.length));
    assertClosed(1009);
  }

  @Test
  void closesOnMessagesThatCannotBeInflated() throws IOException {
    connectDeflating("compression", "true");
    socket.frame(FIN | RSV1 | BINARY, true, new byte[] {-1, -1, -1, -1, -1});
    assertClosed(1007);
  }

  @Test
  void checksUtf8AfterInflating() throws IOException {
    connectDeflating("compression", "true");
    socket.frame(FIN | RSV1 | TEXT, true, deflate(new byte[] {'a', (byte) 0xFF}));
    assertClosed(1007);
  }

  @ParameterizedTest
  @ValueSource(ints = {FIN | 0x20 | TEXT, FIN | 0x10 | BINARY, FIN | RSV1 | PING})
  void closesOnReservedBitsBesideDeflate(int firstByte) throws IOException {
    connectDeflating("compression", "true");
    socket.frame(firstByte, true, bytes("a"));
    assertClosed(1002);
  }
}

package io.drumline.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket.Frame;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A blocking STOMP client for tests: it sends what it is told, right or wrong, and takes from the
 * server only what is right to the letter: one whole frame, or one heart-beat, in each message. One
 * thread.
 */
public final class StompClient implements AutoCloseable {
  /** How long a frame may take to come. */
  public static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final String LEAKS =
      "Exception|Throwable|stack ?trace|java\\.|io\\.drumline|io\\.netty|org\\.spring|\tat"
          + " |\\.java";

  /** The kind of WebSocket message to send in. */
  public enum Carriage {
    TEXT(RawWebSocket.TEXT),
    BINARY(RawWebSocket.BINARY);

    private final int opcode;

    Carriage(int opcode) {
      this.opcode = opcode;
    }
  }

  private final RawWebSocket socket;
  private final Carriage carriage;
  private final Inflater inflater = new Inflater(true);
  private final boolean deflates;
  private String version = "1.2";
  private int receipts;

  /** Speaks STOMP on a socket that was just upgraded. */
  public StompClient(RawWebSocket socket, Carriage carriage) {
    this.socket = socket.answerPings();
    this.carriage = carriage;
    deflates =
        socket
            .upgradeResponse()
            .header("Sec-WebSocket-Extensions")
            .startsWith("permessage-deflate");
  }

  /** Opens a WebSocket and sends nothing yet. */
  public static StompClient open(int port, Carriage carriage, String... protocols) {
    try {
      return new StompClient(RawWebSocket.connect(port, protocols), carriage);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Connects with this version only. */
  public StompClient connect(String wanted, String... headers) {
    String accept = wanted.equals("1.0") ? "" : "accept-version:" + wanted + "\n";
    send("CONNECT\n" + accept + "host:localhost\n" + lines(headers) + "\n\0");
    String got = expect("CONNECTED").header("version");
    assertThat(got == null ? "1.0" : got).isEqualTo(wanted);
    return this;
  }

  /** Sends text as it is, in one message. */
  public void send(String raw) {
    send(raw.getBytes(UTF_8));
  }

  /** Sends bytes as they are, in one message. */
  public void send(byte[] raw) {
    message(carriage, raw);
  }

  /** Sends bytes in one message of this kind. */
  public void message(Carriage kind, byte[] raw) {
    frame(RawWebSocket.FIN | kind.opcode, raw);
  }

  /** Sends one message in two WebSocket frames. */
  public void fragmented(byte[] first, byte[] second) {
    frame(carriage.opcode, first);
    frame(RawWebSocket.FIN | RawWebSocket.CONTINUATION, second);
  }

  /** Sends a WebSocket frame: the first byte is FIN, the reserved bits and the opcode. */
  public void frame(int firstByte, byte[] payload) {
    try {
      socket.frame(firstByte, true, payload);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends bytes to a server that may hang up meanwhile; false if it did. */
  public boolean offer(byte[] raw) {
    try {
      socket.frame(RawWebSocket.FIN | carriage.opcode, true, raw);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Sends a STOMP frame without a body; header lines are sent as they are. */
  public void command(String command, String... headers) {
    send(command + "\n" + lines(headers) + "\n\0");
  }

  /** Sends a SEND frame without content-length; header lines are sent as they are. */
  public void publish(String destination, String body, String... headers) {
    send("SEND\ndestination:" + destination + "\n" + lines(headers) + "\n" + body + "\0");
  }

  /** Sends a STOMP frame with a receipt, which must be the next that comes. */
  public void confirmed(String command, String... headers) {
    String receipt = "r" + receipts++;
    send(command + "\n" + lines(headers) + "receipt:" + receipt + "\n\n\0");
    expect("RECEIPT", "receipt-id:" + receipt);
  }

  /** Publishes and awaits the receipt, which must be the next frame that comes. */
  public void publishConfirmed(String destination, String body, String... headers) {
    String receipt = "r" + receipts++;
    publish(destination, body, lines(headers) + "receipt:" + receipt);
    expect("RECEIPT", "receipt-id:" + receipt);
  }

  /** Subscribes and awaits the receipt. */
  public void subscribe(String id, String destination, String... headers) {
    confirmed("SUBSCRIBE", "id:" + id, lines(headers) + "destination:" + destination);
  }

  private static String lines(String... headers) {
    return headers.length == 0 ? "" : String.join("\n", headers) + "\n";
  }

  /** The next frame; heart-beats are skipped. */
  public StompFrame nextFrame() {
    while (true) {
      Frame frame = nextMessage(PATIENCE);
      byte[] message = payload(frame);
      if (!isBeat(message)) {
        StompFrame parsed = StompFrame.parse(message, frame.opcode() == RawWebSocket.TEXT, version);
        if (parsed.command().equals("CONNECTED")) {
          version = parsed.header("version") == null ? "1.0" : parsed.header("version");
        }
        return parsed;
      }
    }
  }

  /** The next frame, which must have this command and these headers, {@code name:value}, plain. */
  public StompFrame expect(String command, String... headers) {
    StompFrame frame = nextFrame();
    assertThat(frame.command()).as("%s", frame).isEqualTo(command);
    for (String header : headers) {
      int colon = header.indexOf(':');
      assertThat(frame.header(header.substring(0, colon)))
          .as("%s of %s", header.substring(0, colon), frame)
          .isEqualTo(header.substring(colon + 1));
    }
    return frame;
  }

  /** The next frame, which must be a MESSAGE with this body. */
  public StompFrame expectMessage(String body) {
    StompFrame frame = expect("MESSAGE");
    assertThat(frame.bodyText()).as("%s", frame).isEqualTo(body);
    return frame;
  }

  /** The next message, which must be a heart-beat in the kind of frame that the client sends. */
  public void expectBeat(Duration patience) {
    Frame frame = nextMessage(patience);
    assertThat(frame.opcode()).as("%s", frame).isEqualTo(carriage.opcode);
    assertThat(isBeat(payload(frame))).as("%s", frame).isTrue();
  }

  /** Spends this time reading; anything that comes is an error. */
  public void expectNothing(Duration time) {
    assertThat(poll(time)).isEmpty();
    try {
      assertThat(socket.ended(Duration.ofMillis(1))).as("the stream has ended").isFalse();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next must be an ERROR a person understands, then a Close frame, then the end. */
  public StompFrame expectErrorAndClose(String... headers) {
    StompFrame error = expect("ERROR", headers);
    assertThat(error.header("message")).as("%s", error).isNotBlank().doesNotContain("\n");
    assertThat(error.header("message") + error.bodyText()).doesNotContainPattern(LEAKS);
    expectClose();
    return error;
  }

  /** The next must be a Close frame with a code, then the end; hands back the code. */
  public int expectClose() {
    Frame close = next(PATIENCE);
    assertThat(close.opcode()).as("%s", close).isEqualTo(RawWebSocket.CLOSE);
    assertThat(close.closeCode()).isBetween(1000, 4999).isNotIn(1004, 1005, 1006, 1015);
    assertThat(close.closeReason()).doesNotContainPattern(LEAKS);
    try {
      socket.frame(RawWebSocket.FIN | RawWebSocket.CLOSE, true, close.payload());
    } catch (IOException e) {
      // hung up first, as it may
    }
    assertEnd();
    return close.closeCode();
  }

  /** An ERROR or none, then a Close frame or none, then the end, within this time. */
  public void expectEnd(Duration patience) {
    Optional<Frame> frame = poll(patience);
    if (frame.isPresent() && frame.get().opcode() != RawWebSocket.CLOSE) {
      StompFrame error =
          StompFrame.parse(
              payload(frame.get()), frame.get().opcode() == RawWebSocket.TEXT, version);
      assertThat(error.command()).as("%s", error).isEqualTo("ERROR");
      frame = poll(PATIENCE);
    }
    frame.ifPresent(
        close -> assertThat(close.opcode()).as("%s", close).isEqualTo(RawWebSocket.CLOSE));
    if (frame.isPresent()) {
      offerClose();
    }
    assertEnd();
  }

  private void offerClose() {
    try {
      socket.closeFrame(1000, "");
    } catch (IOException e) {
      // hung up first, as it may
    }
  }

  private void assertEnd() {
    assertThat(poll(PATIENCE)).as("after the close").isEmpty();
    try {
      assertThat(socket.ended(Duration.ofMillis(1))).as("the stream has ended").isTrue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next WebSocket frame, whatever it is. */
  public Frame next(Duration patience) {
    try {
      return socket.next(patience);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<Frame> poll(Duration time) {
    try {
      return socket.poll(time);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Frame nextMessage(Duration patience) {
    Frame frame = next(patience);
    assertThat(frame.opcode()).as("%s", frame).isIn(RawWebSocket.TEXT, RawWebSocket.BINARY);
    assertThat(frame.fin()).as("a whole message").isTrue();
    assertThat(frame.rsv()).as("reserved bits").isIn(0, deflates ? 4 : 0);
    return frame;
  }

  private byte[] payload(Frame frame) {
    if (frame.rsv() == 0) {
      return frame.payload();
    }
    try {
      ByteArrayOutputStream plain = new ByteArrayOutputStream();
      byte[] buffer = new byte[8192];
      inflater.setInput(frame.payload());
      for (int read = inflater.inflate(buffer); read > 0; read = inflater.inflate(buffer)) {
        plain.write(buffer, 0, read);
      }
      // RFC 7692, 7.2.2: the sender has cut this off
      inflater.setInput(new byte[] {0, 0, (byte) 0xFF, (byte) 0xFF});
      for (int read = inflater.inflate(buffer); read > 0; read = inflater.inflate(buffer)) {
        plain.write(buffer, 0, read);
      }
      return plain.toByteArray();
    } catch (DataFormatException e) {
      throw new AssertionError("Not deflated", e);
    }
  }

  private static boolean isBeat(byte[] message) {
    return message.length == 1 && message[0] == '\n';
  }

  /** The subprotocol the server chose; "" for none. */
  public String protocol() {
    return socket.protocol();
  }

  /** The extensions the server chose; "" for none. */
  public String extensions() {
    return socket.upgradeResponse().header("Sec-WebSocket-Extensions");
  }

  /** Resets the TCP connection: the server gets no Close frame. */
  public void reset() {
    try {
      socket.reset();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the TCP connection without a Close frame. */
  @Override
  public void close() {
    inflater.end();
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

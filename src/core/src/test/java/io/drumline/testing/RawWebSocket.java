package io.drumline.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A WebSocket client on a blocking socket that does just what it is told, well-formed or not. It
 * reads from the socket only inside {@link #poll}, {@link #next}, {@link #ended} and {@link
 * #response}, and answers nothing by itself, unless {@link #answerPings} was called. One thread.
 */
public final class RawWebSocket implements AutoCloseable {
  public static final int CONTINUATION = 0x0;
  public static final int TEXT = 0x1;
  public static final int BINARY = 0x2;
  public static final int CLOSE = 0x8;
  public static final int PING = 0x9;
  public static final int PONG = 0xA;

  /** Set in the first byte of the last, or only, frame of a message. */
  public static final int FIN = 0x80;

  /** The key of RFC 6455's own example. */
  public static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final byte[] MASK = {0x11, 0x22, 0x33, 0x44};

  /** A frame as it came; {@code rsv} is the three reserved bits, RSV1 the highest. */
  @SuppressWarnings("ArrayRecordComponent") // frames are looked at, not compared
  public record Frame(boolean fin, int rsv, int opcode, byte[] payload) {
    /** The payload as UTF-8. */
    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    /** The status code of a Close frame; 1005 if it has none. */
    public int closeCode() {
      if (opcode != CLOSE) {
        throw new AssertionError("Not a Close frame: " + this);
      }
      return payload.length < 2 ? 1005 : (payload[0] & 0xFF) << 8 | (payload[1] & 0xFF);
    }

    /** The reason of a Close frame. */
    public String closeReason() {
      return payload.length <= 2
          ? ""
          : new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
      return "Frame[fin=%s, rsv=%d, opcode=%d, %s]"
          .formatted(fin, rsv, opcode, opcode == CLOSE ? closeCode() + closeReason() : text());
    }
  }

  /** An HTTP response; the names of headers are in any case, repeated ones joined by a comma. */
  public record Response(int status, Map<String, String> headers, String body) {
    /** The value of a header, or "" without it. */
    public String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  /** How to connect; from {@link RawWebSocket#to}. */
  public static final class Request {
    private final int port;
    private String path = "/ws";
    private int receiveBuffer;
    private byte[] early = {};
    private final List<String> headers = new ArrayList<>();

    private Request(int port) {
      this.port = port;
    }

    /** The target of the request; {@code /ws} by default. */
    public Request path(String value) {
      path = value;
      return this;
    }

    /** One more header line. */
    public Request header(String name, String value) {
      headers.add(name + ": " + value);
      return this;
    }

    /** The subprotocols to offer, in one header line; none: no such header. */
    public Request protocols(String... names) {
      return names.length == 0 ? this : header("Sec-WebSocket-Protocol", String.join(", ", names));
    }

    /** SO_RCVBUF in bytes, set before connecting, so that the TCP window stays small. */
    public Request receiveBuffer(int bytes) {
      receiveBuffer = bytes;
      return this;
    }

    /** Bytes to send in the same write as the request. */
    public Request early(byte[] bytes) {
      early = bytes.clone();
      return this;
    }

    /** Connects and upgrades; an error if the server refuses. */
    public RawWebSocket connect() throws IOException {
      RawWebSocket socket = open(port, receiveBuffer);
      Response response = socket.upgrade(this);
      if (response.status() != 101) {
        socket.close();
        throw new AssertionError("Refused: " + response);
      }
      if (!accept(KEY).equals(response.header("Sec-WebSocket-Accept"))) {
        socket.close();
        throw new AssertionError("Wrong Sec-WebSocket-Accept: " + response);
      }
      return socket;
    }

    /** Asks for the upgrade and hands back the answer, whatever it is; then hangs up. */
    public Response refused() throws IOException {
      try (RawWebSocket socket = open(port, receiveBuffer)) {
        return socket.upgrade(this);
      }
    }

    /** The bytes of the request, to be sent by hand. */
    public byte[] head() {
      return bytes();
    }

    private byte[] bytes() {
      StringBuilder request =
          new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: localhost:" + port + "\r\n")
              .append("Upgrade: websocket\r\nConnection: Upgrade\r\n")
              .append("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + "\r\n");
      headers.forEach(line -> request.append(line).append("\r\n"));
      byte[] head = request.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
      byte[] all = Arrays.copyOf(head, head.length + early.length);
      System.arraycopy(early, 0, all, head.length, early.length);
      return all;
    }
  }

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private byte[] buffer = new byte[8192];
  private int length;
  private boolean eof;
  private boolean answersPings;
  private Response upgrade = new Response(0, Map.of(), "");

  private RawWebSocket(Socket socket) throws IOException {
    this.socket = socket;
    in = socket.getInputStream();
    out = socket.getOutputStream();
  }

  /** Upgrades at {@code /ws} of this machine, without an Origin. */
  public static RawWebSocket connect(int port, String... protocols) throws IOException {
    return to(port).protocols(protocols).connect();
  }

  /** A request to change before it is sent. */
  public static Request to(int port) {
    return new Request(port);
  }

  /** A TCP connection on which nothing was sent yet: see {@link #raw} and {@link #response}. */
  public static RawWebSocket open(int port) throws IOException {
    return open(port, 0);
  }

  private static RawWebSocket open(int port, int receiveBuffer) throws IOException {
    Socket socket = new Socket();
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer);
    }
    socket.setTcpNoDelay(true);
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) PATIENCE.toMillis());
    return new RawWebSocket(socket);
  }

  private Response upgrade(Request request) throws IOException {
    raw(request.bytes());
    upgrade = response();
    return upgrade;
  }

  /** Answers pings from now on, while reading, and hides them. */
  public RawWebSocket answerPings() {
    answersPings = true;
    return this;
  }

  /** The server's answer to the upgrade. */
  public Response upgradeResponse() {
    return upgrade;
  }

  /** The subprotocol the server chose; "" for none. */
  public String protocol() {
    return upgrade.header("Sec-WebSocket-Protocol");
  }

  /** Sends a text message in one frame. */
  public void text(String message) throws IOException {
    frame(FIN | TEXT, true, message.getBytes(StandardCharsets.UTF_8));
  }

  /** Sends a binary message in one frame. */
  public void binary(byte[] message) throws IOException {
    frame(FIN | BINARY, true, message);
  }

  /** Sends a Close frame. */
  public void closeFrame(int code, String reason) throws IOException {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    byte[] payload = new byte[2 + text.length];
    payload[0] = (byte) (code >> 8);
    payload[1] = (byte) code;
    System.arraycopy(text, 0, payload, 2, text.length);
    frame(FIN | CLOSE, true, payload);
  }

  /** Sends any frame: the first byte is FIN, the reserved bits and the opcode. */
  public void frame(int firstByte, boolean masked, byte[] payload) throws IOException {
    raw(encode(firstByte, masked, payload));
  }

  /** Sends bytes as they are. */
  public void raw(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Sends ASCII text as it is: an HTTP request, say. */
  public void raw(String ascii) throws IOException {
    raw(ascii.getBytes(StandardCharsets.US_ASCII));
  }

  /** The bytes of a frame. */
  public static byte[] encode(int firstByte, boolean masked, byte[] payload) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream(payload.length + 14);
    int mask = masked ? 0x80 : 0;
    frame.write(firstByte);
    if (payload.length < 126) {
      frame.write(mask | payload.length);
    } else {
      int bytes = payload.length < 65536 ? 2 : 8;
      frame.write(mask | (bytes == 2 ? 126 : 127));
      for (int i = bytes - 1; i >= 0; i--) {
        frame.write((int) ((long) payload.length >> (8 * i)));
      }
    }
    if (masked) {
      frame.writeBytes(MASK);
    }
    for (int i = 0; i < payload.length; i++) {
      frame.write(masked ? payload[i] ^ MASK[i % 4] : payload[i]);
    }
    return frame.toByteArray();
  }

  /** The next frame; an AssertionError if none comes in this time or the stream ends. */
  public Frame next(Duration timeout) throws IOException {
    return poll(timeout)
        .orElseThrow(
            () -> new AssertionError(eof ? "The stream has ended" : "No frame in " + timeout));
  }

  /** The next frame within 10 s; an AssertionError if none comes or the stream ends. */
  public Frame next() throws IOException {
    return next(PATIENCE);
  }

  /** The next frame; empty if none comes in this time or the stream ends. */
  public Optional<Frame> poll(Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      Frame frame = decode();
      if (frame == null) {
        if (!fill(deadline)) {
          return Optional.empty();
        }
      } else if (answersPings && frame.opcode() == PING) {
        frame(FIN | PONG, true, frame.payload());
      } else {
        return Optional.of(frame);
      }
    }
  }

  /** Whether the stream ends, or is reset, in this time; frames before that are thrown away. */
  public boolean ended(Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (fill(deadline)) {
      length = 0;
    }
    return eof;
  }

  /** Whether the stream ends, or is reset, within 10 s; frames before that are thrown away. */
  public boolean ended() throws IOException {
    return ended(PATIENCE);
  }

  /** Reads an HTTP response, within 10 s. */
  public Response response() throws IOException {
    return response(true);
  }

  /** Reads the response to a HEAD request, which has no body whatever its length says. */
  public Response headResponse() throws IOException {
    return response(false);
  }

  private Response response(boolean withBody) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    int end;
    while ((end = endOfHead()) < 0) {
      need(deadline);
    }
    String[] lines = new String(take(end), StandardCharsets.ISO_8859_1).split("\r\n", -1);
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
      int colon = lines[i].indexOf(':');
      headers.merge(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip(),
          (a, b) -> a + ", " + b);
    }
    int bodyLength = withBody ? Integer.parseInt(headers.getOrDefault("content-length", "0")) : 0;
    while (length < bodyLength) {
      need(deadline);
    }
    String body = new String(take(bodyLength), StandardCharsets.UTF_8);
    return new Response(Integer.parseInt(lines[0].split(" ", 3)[1]), headers, body);
  }

  private int endOfHead() {
    for (int i = 4; i <= length; i++) {
      if (buffer[i - 4] == '\r'
          && buffer[i - 3] == '\n'
          && buffer[i - 2] == '\r'
          && buffer[i - 1] == '\n') {
        return i;
      }
    }
    return -1;
  }

  private Frame decode() {
    if (length < 2) {
      return null;
    }
    int size = buffer[1] & 0x7F;
    int header = size < 126 ? 2 : size == 126 ? 4 : 10;
    if (length < header) {
      return null;
    }
    if (header > 2) {
      size = 0;
      for (int i = 2; i < header; i++) {
        size = size << 8 | (buffer[i] & 0xFF);
      }
    }
    if ((buffer[1] & 0x80) != 0) {
      throw new AssertionError("The server sent a masked frame");
    }
    if (length < header + size) {
      return null;
    }
    int first = buffer[0] & 0xFF;
    take(header);
    return new Frame((first & FIN) != 0, first >> 4 & 7, first & 15, take(size));
  }

  private byte[] take(int bytes) {
    byte[] taken = Arrays.copyOf(buffer, bytes);
    System.arraycopy(buffer, bytes, buffer, 0, length - bytes);
    length -= bytes;
    return taken;
  }

  private void need(long deadline) throws IOException {
    if (!fill(deadline)) {
      throw new AssertionError(eof ? "The stream has ended" : "No response in " + PATIENCE);
    }
  }

  /** Reads some; false at the end of the stream or of the time. What was read before is kept. */
  private boolean fill(long deadline) throws IOException {
    long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
    if (eof || left <= 0) {
      return false;
    }
    if (length == buffer.length) {
      buffer = Arrays.copyOf(buffer, 2 * length);
    }
    socket.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
    try {
      int read = in.read(buffer, length, buffer.length - length);
      eof = read < 0;
      length += Math.max(read, 0);
      return !eof;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) {
      eof = true; // a reset is an end, too
      return false;
    }
  }

  /** Sets SO_LINGER to 0 and closes: the server sees a reset. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** Ends the TCP connection without a Close frame. */
  @Override
  public void close() throws IOException {
    socket.close();
  }

  private static String accept(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1")
              .digest(
                  (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                      .getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

package io.drumline.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A STOMP frame of the server, read more strictly than any client would.
 *
 * @param headers in the order of the wire, unescaped as the version demands
 * @param text whether it came in a text message
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record StompFrame(String command, List<Header> headers, byte[] body, boolean text) {

  /** One header line, unescaped. */
  public record Header(String name, String value) {}

  /**
   * Reads the one frame that a WebSocket message holds.
   *
   * @param version of the session: "1.0" knows no escapes, "1.1" knows no {@code \r}
   */
  static StompFrame parse(byte[] message, boolean text, String version) {
    require(message.length > 0 && message[message.length - 1] == 0, "ends with no NUL", message);
    int bodyStart = indexOf(message, "\n\n") + 2;
    require(bodyStart >= 2, "has no end of its headers", message);
    String[] lines = decode(Arrays.copyOf(message, bodyStart - 2)).split("\n", -1);
    require(lines[0].matches("CONNECTED|MESSAGE|RECEIPT|ERROR"), "has no command", message);
    boolean escaped = !lines[0].equals("CONNECTED") && !version.equals("1.0");
    List<Header> headers = new ArrayList<>();
    for (String line : List.of(lines).subList(1, lines.length)) {
      int colon = line.indexOf(':');
      require(colon > 0, "has a header without a name", message);
      require(line.indexOf('\r') < 0 && line.indexOf('\0') < 0, "has a raw CR or NUL", message);
      String value = line.substring(colon + 1);
      require(
          version.equals("1.0") || lines[0].equals("CONNECTED") || value.indexOf(':') < 0,
          "has a raw colon in a value",
          message);
      headers.add(
          escaped
              ? new Header(
                  unescape(line.substring(0, colon), version, message),
                  unescape(value, version, message))
              : new Header(line.substring(0, colon), value));
    }
    byte[] body = Arrays.copyOfRange(message, bodyStart, message.length - 1);
    StompFrame frame = new StompFrame(lines[0], List.copyOf(headers), body, text);
    String length = frame.header("content-length");
    require(length == null || length.equals("" + body.length), "has a wrong length", message);
    require(length != null || indexOf(body, "\0") < 0, "is not one frame", message);
    if (text) {
      decode(message);
    }
    return frame;
  }

  private static String unescape(String escaped, String version, byte[] message) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < escaped.length(); i++) {
      char c = escaped.charAt(i);
      if (c == '\\') {
        i++;
        int escape = i < escaped.length() ? "n\\cr".indexOf(escaped.charAt(i)) : -1;
        require(escape >= 0, "has an undefined escape", message);
        require(escape < 3 || !version.equals("1.1"), "has \\r, which 1.1 lacks", message);
        c = "\n\\:\r".charAt(escape);
      }
      plain.append(c);
    }
    return plain.toString();
  }

  private static String decode(byte[] bytes) {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new AssertionError("Not UTF-8: " + new String(bytes, UTF_8), e);
    }
  }

  private static int indexOf(byte[] bytes, String ascii) {
    byte[] wanted = ascii.getBytes(UTF_8);
    for (int i = 0; i + wanted.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    return -1;
  }

  private static void require(boolean condition, String fault, byte[] message) {
    if (!condition) {
      throw new AssertionError("The server's frame " + fault + ": " + new String(message, UTF_8));
    }
  }

  /** The first value of a header; null without it. */
  public String header(String name) {
    List<String> values = values(name);
    return values.isEmpty() ? null : values.get(0);
  }

  /** All values of a header, in the order of the wire. */
  public List<String> values(String name) {
    return headers.stream().filter(h -> h.name().equals(name)).map(Header::value).toList();
  }

  /** The body as UTF-8. */
  public String bodyText() {
    return decode(body);
  }

  @Override
  public String toString() {
    String lines =
        headers.stream().map(h -> h.name() + ":" + h.value()).collect(Collectors.joining("|"));
    String shown = new String(body, 0, Math.min(body.length, 200), UTF_8);
    return "%s[%s](%d)%s".formatted(command, lines, body.length, shown);
  }
}

package io.drumline.continuity;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * A frame from the server.
 *
 * @param head its command and header lines, as they came
 */
public record Frame(String head, String body) {

  /** Reads the frame of one WebSocket message that is not a heart-beat. */
  static Frame parse(ByteBuf bytes) {
    String text = bytes.toString(StandardCharsets.UTF_8);
    int end = text.indexOf("\n\n");
    if (end < 0 || text.charAt(text.length() - 1) != 0) {
      throw new IllegalArgumentException("Not a STOMP frame: " + text);
    }
    return new Frame(text.substring(0, end), text.substring(end + 2, text.length() - 1));
  }

  public String command() {
    int end = head.indexOf('\n');
    return end < 0 ? head : head.substring(0, end);
  }

  /** The header's value, escaped as it came; empty without it. */
  public String header(String name) {
    int start = head.indexOf("\n" + name + ":");
    if (start < 0) {
      return "";
    }
    int value = start + name.length() + 2;
    int end = head.indexOf('\n', value);
    return head.substring(value, end < 0 ? head.length() : end);
  }
}

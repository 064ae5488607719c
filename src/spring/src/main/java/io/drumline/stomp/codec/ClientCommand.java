package io.drumline.stomp.codec;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The commands that a client may send. */
public enum ClientCommand {
  SEND,
  ACK,
  NACK,
  SUBSCRIBE,
  UNSUBSCRIBE,
  BEGIN,
  COMMIT,
  ABORT,
  CONNECT,
  STOMP,
  DISCONNECT;

  /** The error for input that does not look like a frame. */
  static final String MISSING = "A frame must begin with a command.";

  private static final ClientCommand[] COMMANDS = values();

  /** The command in a frame's first line, or null. Commands are case-sensitive. */
  static @Nullable ClientCommand of(byte[] line, int length) {
    for (ClientCommand command : COMMANDS) {
      if (command.name().length() == length && Header.matches(command.name(), line)) {
        return command;
      }
    }
    return null;
  }

  /** The error for a line that is not a command; quotes it only if it is printable. */
  static String unknown(byte[] line, int length) {
    for (int i = 0; i < length; i++) {
      if (line[i] < ' ' || line[i] > '~') {
        return MISSING;
      }
    }
    String name = new String(line, 0, length, StandardCharsets.US_ASCII);
    return "\"" + name + "\" is not a command that a client can send.";
  }

  /** Whether a frame of this command may have a body. */
  boolean mayHaveBody() {
    return this == SEND;
  }

  /** Whether it opens the session; the headers of such a frame are not escaped in any version. */
  public boolean connects() {
    return this == CONNECT || this == STOMP;
  }
}

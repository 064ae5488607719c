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

  /** The answer to what does not look like a frame at all. */
  static final String MISSING = "A frame must begin with a command.";

  private static final ClientCommand[] COMMANDS = values();

  /** The command of a frame's first line, or null: commands are case sensitive. */
  static @Nullable ClientCommand of(byte[] line, int length) {
    for (ClientCommand command : COMMANDS) {
      if (command.name().length() == length && Header.matches(command.name(), line)) {
        return command;
      }
    }
    return null;
  }

  /** The sentence for a line that is no command; repeats it only if it is printable. */
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

  /** Whether it opens the session; such a frame's headers are never escaped, in any version. */
  public boolean connects() {
    return this == CONNECT || this == STOMP;
  }
}

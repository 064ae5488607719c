package io.drumline.listener;

import java.util.Locale;

/**
 * The client port cannot be opened, or its certificate not be used; the message is one sentence for
 * the operator.
 */
final class CannotListenException extends RuntimeException {
  CannotListenException(int port, Throwable cause) {
    super(
        "Port %d, drumline.listener.port, cannot be opened for clients: %s."
            .formatted(port, reason(cause)),
        cause);
  }

  CannotListenException(String sentence) {
    super(sentence);
  }

  private static String reason(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    return message.toLowerCase(Locale.ROOT).contains("in use")
        ? "another process is using it"
        : message;
  }
}

package io.drumline.redis.status;

import io.lettuce.core.RedisCommandTimeoutException;
import io.netty.channel.ConnectTimeoutException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Describes exceptions of the network and of Lettuce for the log, without class names and error
 * numbers.
 */
public final class FailureReason {

  /** The prefix of error messages from Netty's native transports. */
  private static final Pattern CALL =
      Pattern.compile("^\\w+\\(\\.\\.\\) failed(?: with error\\(-?\\d+\\))?: ");

  private FailureReason() {}

  /** The root cause, as part of a sentence, without a full stop. */
  public static String of(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String thrown = cause.getMessage() == null ? "" : cause.getMessage().strip();
    String message = CALL.matcher(thrown).replaceFirst("");
    if (cause instanceof TimeoutException
        || cause instanceof RedisCommandTimeoutException
        || cause instanceof ConnectTimeoutException) {
      return "it does not answer";
    } else if (cause instanceof ClosedChannelException || isClosed(message)) {
      return "the connection was closed";
    } else if (message.contains("Connection refused")) {
      return "connection refused";
    } else if (message.contains("Connection reset")) {
      return "the connection was reset";
    } else if (cause instanceof NoRouteToHostException || message.contains("No route to host")) {
      return "there is no route to its host";
    } else if (cause instanceof UnknownHostException) {
      return "its host name cannot be resolved (" + withoutFullStop(message) + ')';
    } else if (cause instanceof ConnectException && message.isEmpty()) {
      return "it cannot be connected to";
    }
    return message.isEmpty() ? inWords(cause) : withoutFullStop(message);
  }

  /** Lettuce's messages for commands on a connection that is not open. */
  private static boolean isClosed(String message) {
    return message.startsWith("Currently not connected")
        || message.startsWith("Connection closed")
        || message.startsWith("Connection is closed");
  }

  private static String withoutFullStop(String message) {
    return message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
  }

  /** The class name in words, if there is no message. */
  private static String inWords(Throwable cause) {
    return cause
        .getClass()
        .getSimpleName()
        .replaceFirst("(Exception|Error)$", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
        .toLowerCase(Locale.ROOT);
  }
}

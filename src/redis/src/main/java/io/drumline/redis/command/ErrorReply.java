package io.drumline.redis.command;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisReadOnlyException;
import org.jspecify.annotations.Nullable;

/** What an error that Redis answered says about the command. */
public final class ErrorReply {
  private static final int LONGEST = 200;

  private ErrorReply() {}

  /** The error that Redis answered; null where the failure is no answer of Redis. */
  public static @Nullable String in(@Nullable Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RedisCommandExecutionException) {
        String answer = String.valueOf(cause.getMessage()).strip();
        return answer.length() <= LONGEST ? answer : answer.substring(0, LONGEST) + "…";
      }
    }
    return null;
  }

  /** Whether Redis refused to write as a replica; Redis 6 wraps a script's error, 7 does not. */
  public static boolean isReadOnly(Throwable failure) {
    return failure instanceof RedisReadOnlyException
        || String.valueOf(failure.getMessage()).contains("-READONLY");
  }

  /**
   * Whether a Redis of a cluster did nothing, because the keys are another's, on their way to
   * another, or unassigned for the moment.
   */
  public static boolean isRedirect(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return message.startsWith("MOVED ")
        || message.startsWith("ASK ")
        || message.startsWith("TRYAGAIN ")
        || message.startsWith("CLUSTERDOWN ");
  }

  /**
   * The address of the Redis that is to be asked for this once, since the slot is on its way there;
   * null where Redis did not say so.
   */
  public static @Nullable String askAddress(@Nullable Throwable failure) {
    String message = failure == null ? "" : String.valueOf(failure.getMessage());
    return message.startsWith("ASK ") ? message.substring(message.lastIndexOf(' ') + 1) : null;
  }

  /** Whether publish.lua refused a message since a later one of this node is stored already. */
  public static boolean isOvertaken(Throwable failure) {
    return String.valueOf(failure.getMessage()).startsWith("OVERTAKEN ");
  }
}

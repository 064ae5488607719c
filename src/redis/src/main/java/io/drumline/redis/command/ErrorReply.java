package io.drumline.redis.command;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisReadOnlyException;
import org.jspecify.annotations.Nullable;

/** The meaning of errors from Redis. */
public final class ErrorReply {
  private static final int LONGEST = 200;

  private ErrorReply() {}

  /** The error that Redis answered; null if the failure is not an error from Redis. */
  public static @Nullable String in(@Nullable Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RedisCommandExecutionException) {
        String answer = String.valueOf(cause.getMessage()).strip();
        return answer.length() <= LONGEST ? answer : answer.substring(0, LONGEST) + "…";
      }
    }
    return null;
  }

  /** Whether Redis rejected a write as a replica; Redis 6 wraps a script's error, 7 does not. */
  public static boolean isReadOnly(Throwable failure) {
    return failure instanceof RedisReadOnlyException
        || String.valueOf(failure.getMessage()).contains("-READONLY");
  }

  /**
   * Whether a Redis of a cluster did nothing, because the keys' slot belongs to another master, is
   * being migrated, or is currently unassigned.
   */
  public static boolean isRedirect(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return message.startsWith("MOVED ")
        || message.startsWith("ASK ")
        || message.startsWith("TRYAGAIN ")
        || message.startsWith("CLUSTERDOWN ");
  }

  /**
   * The address of the Redis to ask once instead, because the slot is being migrated to it; null if
   * the error is not ASK.
   */
  public static @Nullable String askAddress(@Nullable Throwable failure) {
    String message = failure == null ? "" : String.valueOf(failure.getMessage());
    return message.startsWith("ASK ") ? message.substring(message.lastIndexOf(' ') + 1) : null;
  }

  /** Whether publish.lua rejected a message because a later one of this node is already stored. */
  public static boolean isOvertaken(Throwable failure) {
    return String.valueOf(failure.getMessage()).startsWith("OVERTAKEN ");
  }
}

package io.drumline.redis;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.RedisCommand;
import java.util.List;

/** Sends commands to Redis. */
final class Commands {
  private Commands() {}

  /**
   * Sends all of them. If that throws, each of them fails that is not answered yet: whoever counts
   * what is with Redis would count it for ever.
   */
  @SuppressWarnings("CatchThrowable")
  static void send(
      StatefulConnection<String, byte[]> connection,
      List<RedisCommand<String, byte[], ?>> commands) {
    try {
      connection.dispatch(commands);
    } catch (Throwable e) {
      commands.forEach(command -> command.completeExceptionally(e));
    }
  }
}

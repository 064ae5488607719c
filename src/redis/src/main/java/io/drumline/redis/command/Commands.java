package io.drumline.redis.command;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.ArrayOutput;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.IntegerOutput;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import java.util.List;

/** Creates and sends Redis commands. */
public final class Commands {
  /** Keys and channels are text, values are bytes. */
  public static final RedisCodec<String, byte[]> CODEC =
      RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

  private Commands() {}

  /** Empty arguments. */
  public static CommandArgs<String, byte[]> args() {
    return new CommandArgs<>(CODEC);
  }

  /** Output for an integer. */
  public static CommandOutput<String, byte[], Long> integer() {
    return new IntegerOutput<>(CODEC);
  }

  /** Output for an array. */
  public static CommandOutput<String, byte[], List<Object>> array() {
    return new ArrayOutput<>(CODEC);
  }

  /** Output for a short text, such as {@code OK}. */
  public static CommandOutput<String, byte[], String> status() {
    return new StatusOutput<>(CODEC);
  }

  /** A command that is not sent yet. */
  public static <T> AsyncCommand<String, byte[], T> command(
      CommandType type, CommandOutput<String, byte[], T> output, CommandArgs<String, byte[]> args) {
    return new AsyncCommand<>(new Command<>(type, output, args));
  }

  /** Must precede a command to the Redis that {@link ErrorReply#askAddress} names. */
  public static AsyncCommand<String, byte[], String> asking() {
    return new AsyncCommand<>(new Command<>(CommandType.ASKING, status()));
  }

  /**
   * Sends all commands. If that throws, all commands without an answer fail: otherwise they would
   * be in flight forever.
   */
  @SuppressWarnings("CatchThrowable")
  public static void send(
      StatefulConnection<String, byte[]> connection,
      List<RedisCommand<String, byte[], ?>> commands) {
    try {
      connection.dispatch(commands);
    } catch (Throwable e) {
      commands.forEach(command -> command.completeExceptionally(e));
    }
  }
}

package io.drumline.redis;

import io.lettuce.core.RedisReadOnlyException;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Lua script of this package.
 *
 * @param source its bytes
 * @param sha1 the name that Redis gives it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never written
record RedisScript(byte[] source, String sha1) {

  /** Reads the script {@code name} from beside this class. */
  static RedisScript load(String name) {
    try (InputStream in = RedisScript.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("The script " + name + " is missing from the jar.");
      }
      byte[] source = in.readAllBytes();
      byte[] digest = MessageDigest.getInstance("SHA-1").digest(source);
      return new RedisScript(source, HexFormat.of().formatHex(digest));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This Java has no SHA-1.", e);
    }
  }

  /** Makes Redis know the script. */
  AsyncCommand<String, byte[], String> load() {
    return new AsyncCommand<>(
        new Command<>(
            CommandType.SCRIPT,
            new StatusOutput<>(RedisConnector.CODEC),
            new CommandArgs<>(RedisConnector.CODEC).add("LOAD").add(source)));
  }

  /** The arguments of a call, as far as its keys. */
  CommandArgs<String, byte[]> call(List<String> keys) {
    return new CommandArgs<>(RedisConnector.CODEC).add(sha1).add(keys.size()).addKeys(keys);
  }

  /** A call of what Redis knows already. */
  static <T> AsyncCommand<String, byte[], T> command(
      CommandArgs<String, byte[]> call, CommandOutput<String, byte[], T> output) {
    return new AsyncCommand<>(new Command<>(CommandType.EVALSHA, output, call));
  }

  /** Whether Redis refused to write as a replica; Redis 6 wraps a script's error, 7 does not. */
  static boolean isReadOnly(Throwable failure) {
    return failure instanceof RedisReadOnlyException
        || String.valueOf(failure.getMessage()).contains("-READONLY");
  }

  /**
   * The address of the Redis that is to be asked for this once, since the slot is on its way there;
   * null where Redis did not say so.
   */
  static @Nullable String askedAt(@Nullable Throwable failure) {
    String message = failure == null ? "" : String.valueOf(failure.getMessage());
    return message.startsWith("ASK ") ? message.substring(message.lastIndexOf(' ') + 1) : null;
  }

  /** Goes before the command with which the Redis at {@link #askedAt} is asked. */
  static AsyncCommand<String, byte[], String> asking() {
    return new AsyncCommand<>(
        new Command<>(CommandType.ASKING, new StatusOutput<>(RedisConnector.CODEC)));
  }

  /** Whether publish.lua refused a message since a later one of this node is stored already. */
  static boolean isOvertaken(Throwable failure) {
    return String.valueOf(failure.getMessage()).startsWith("OVERTAKEN ");
  }

  /**
   * Whether a Redis of a cluster did nothing, because the keys are another's, on their way to
   * another, or nobody's for the moment.
   */
  static boolean isMisrouted(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return message.startsWith("MOVED ")
        || message.startsWith("ASK ")
        || message.startsWith("TRYAGAIN ")
        || message.startsWith("CLUSTERDOWN ");
  }
}

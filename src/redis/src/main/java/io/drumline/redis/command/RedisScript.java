package io.drumline.redis.command;

import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A Lua script of the backplane.
 *
 * @param source its bytes
 * @param sha1 its SHA-1 digest, by which Redis identifies it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never modified
public record RedisScript(byte[] source, String sha1) {
  private static final String FOLDER = "/io/drumline/redis/";

  /** Reads the script {@code name} from the jar. */
  public static RedisScript load(String name) {
    try (InputStream in = RedisScript.class.getResourceAsStream(FOLDER + name)) {
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

  /** The command that loads the script into Redis. */
  public AsyncCommand<String, byte[], String> load() {
    return Commands.command(
        CommandType.SCRIPT, Commands.status(), Commands.args().add("LOAD").add(source));
  }

  /** The arguments of a call up to its keys. */
  public CommandArgs<String, byte[]> call(List<String> keys) {
    return Commands.args().add(sha1).add(keys.size()).addKeys(keys);
  }

  /** The command that calls a loaded script. */
  public static <T> AsyncCommand<String, byte[], T> command(
      CommandArgs<String, byte[]> call, CommandOutput<String, byte[], T> output) {
    return Commands.command(CommandType.EVALSHA, output, call);
  }
}

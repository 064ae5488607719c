package io.drumline.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A Lua script of this package.
 *
 * @param source its octets
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
}

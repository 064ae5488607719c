package io.drumline.stomp.codec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One header of a frame, unescaped.
 *
 * @param name case-sensitive
 * @param value may be empty
 */
public record Header(String name, String value) {
  /** Names in nearly every frame, by length, so that reading one allocates nothing. */
  private static final String[][] COMMON =
      byLength(
          "id",
          "ack",
          "host",
          "login",
          "replay",
          "receipt",
          "passcode",
          "client-id",
          "heart-beat",
          "message-id",
          "destination",
          "transaction",
          "content-type",
          "subscription",
          "resume-after",
          "Authorization",
          "content-length",
          "accept-version");

  /** The value of the first header of this name, or null. */
  public static @Nullable String first(List<Header> headers, String name) {
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      if (header.name.equals(name)) {
        return header.value;
      }
    }
    return null;
  }

  /** The text of a name in ASCII. */
  static String name(byte[] line, int length) {
    if (length < COMMON.length) {
      for (String name : COMMON[length]) {
        if (matches(name, line)) {
          return name;
        }
      }
    }
    return new String(line, 0, length, StandardCharsets.ISO_8859_1);
  }

  /** Without padding, as in 1.0. */
  Header trimmed() {
    return new Header(name.trim(), value.trim());
  }

  /** Whether a line begins with this ASCII text, which must not be longer. */
  static boolean matches(String text, byte[] line) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) != line[i]) {
        return false;
      }
    }
    return true;
  }

  private static String[][] byLength(String... names) {
    int longest = Arrays.stream(names).mapToInt(String::length).max().orElse(0);
    String[][] table = new String[longest + 1][];
    for (int length = 0; length <= longest; length++) {
      int wanted = length;
      table[length] =
          Arrays.stream(names).filter(name -> name.length() == wanted).toArray(String[]::new);
    }
    return table;
  }
}

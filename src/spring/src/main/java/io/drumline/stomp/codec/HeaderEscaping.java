package io.drumline.stomp.codec;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * How each version writes header names and values. What a version cannot express (a carriage return
 * before 1.2, a line feed in 1.0, a NUL anywhere) becomes a space, so that a frame never breaks.
 */
final class HeaderEscaping {
  private HeaderEscaping() {}

  /** The name as it goes on the wire; 1.0, which has no escape for a colon, gets an underscore. */
  static String escapeName(String name, StompVersion version) {
    String escaped = escapeValue(name, version);
    return version.escapes() ? escaped : escaped.replace(':', '_');
  }

  /** The value as it goes on the wire. */
  static String escapeValue(String value, StompVersion version) {
    for (int i = 0; i < value.length(); i++) {
      if (isSpecial(value.charAt(i))) {
        return escapeFrom(i, value, version);
      }
    }
    return value;
  }

  /** The name or value that was escaped; null if an escape in it is not one of the version's. */
  static @Nullable String unescape(String text, StompVersion version) {
    int escape = version.escapes() ? text.indexOf('\\') : -1;
    if (escape < 0) {
      return text;
    }
    StringBuilder plain = new StringBuilder(text.length());
    int from = 0;
    while (escape >= 0) {
      plain.append(text, from, escape);
      char code = escape + 1 < text.length() ? text.charAt(escape + 1) : 0;
      if (code == '\\') {
        plain.append('\\');
      } else if (code == 'n') {
        plain.append('\n');
      } else if (code == 'c') {
        plain.append(':');
      } else if (code == 'r' && version.escapesCarriageReturn()) {
        plain.append('\r');
      } else {
        return null;
      }
      from = escape + 2;
      escape = text.indexOf('\\', from);
    }
    return plain.append(text, from, text.length()).toString();
  }

  /** The text of these bytes; null if they are not UTF-8. */
  static @Nullable String utf8(byte[] bytes, int start, int length) {
    String text = new String(bytes, start, length, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') < 0) {
      return text;
    }
    try { // a replacement character: the sender's own, or for what is not UTF-8?
      ByteBuffer again = ByteBuffer.wrap(bytes, start, length);
      return StandardCharsets.UTF_8.newDecoder().decode(again).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  private static boolean isSpecial(char c) {
    return c == ':' || c == '\\' || c == '\n' || c == '\r' || c == 0;
  }

  private static String escapeFrom(int start, String value, StompVersion version) {
    StringBuilder escaped = new StringBuilder(value.length() + 8).append(value, 0, start);
    for (int i = start; i < value.length(); i++) {
      char c = value.charAt(i);
      if (!isSpecial(c)) {
        escaped.append(c);
      } else if (c == 0 || (c == '\r' && !version.escapesCarriageReturn())) {
        escaped.append(' ');
      } else if (version.escapes()) {
        escaped.append('\\').append(code(c));
      } else {
        escaped.append(c == '\n' ? ' ' : c);
      }
    }
    return escaped.toString();
  }

  private static char code(char special) {
    return switch (special) {
      case '\n' -> 'n';
      case '\r' -> 'r';
      case ':' -> 'c';
      default -> special;
    };
  }
}

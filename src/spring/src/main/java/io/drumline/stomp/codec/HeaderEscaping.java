package io.drumline.stomp.codec;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * How each version writes header names and values. Characters that a version cannot express (a
 * carriage return before 1.2, a line feed in 1.0, a NUL in any) become a space, so that a frame is
 * always valid.
 */
final class HeaderEscaping {
  private HeaderEscaping() {}

  /**
   * The name as written on the wire; in 1.0, which has no escape for a colon, an underscore
   * replaces it.
   */
  static String escapeName(String name, StompVersion version) {
    String escaped = escapeValue(name, version);
    return version.escapes() ? escaped : escaped.replace(':', '_');
  }

  /** The value as written on the wire. */
  static String escapeValue(String value, StompVersion version) {
    for (int i = 0; i < value.length(); i++) {
      if (isSpecial(value.charAt(i))) {
        return escapeFrom(i, value, version);
      }
    }
    return value;
  }

  /** Unescapes a name or value; null if it has an escape that the version does not define. */
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

  /** Decodes UTF-8; null if the bytes are malformed. */
  static @Nullable String utf8(byte[] bytes, int start, int length) {
    String text = new String(bytes, start, length, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') < 0) {
      return text;
    }
    try { // the sender's own replacement character, or the decoder's?
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

package io.drumline.backplane;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * A message from one node to all nodes: something happened that others may have to act on. The
 * constructor checks the limits, so that every notice can be sent.
 *
 * @param kind what happened, such as {@code revoked}: 1 to 32 of {@code a-z0-9-}, beginning with a
 *     letter
 * @param fields further details by name: at most {@link #MAX_FIELDS}, with names of 1 to 64 and
 *     values of at most {@link #MAX_VALUE} bytes of UTF-8
 */
public record Notice(String kind, Map<String, String> fields) {
  /** Maximum number of fields. */
  public static final int MAX_FIELDS = 16;

  /** Maximum bytes of a field's value. */
  public static final int MAX_VALUE = 4096;

  private static final int MAX_NAME = 64;
  private static final Pattern KIND = Pattern.compile("[a-z][a-z0-9-]{0,31}");

  /**
   * @throws IllegalArgumentException if a limit is exceeded
   */
  public Notice {
    check(KIND.matcher(kind).matches(), "a kind of 1 to 32 of a-z0-9-");
    check(fields.size() <= MAX_FIELDS, "at most " + MAX_FIELDS + " fields");
    fields.forEach(
        (name, value) -> {
          int length = name.getBytes(UTF_8).length;
          check(length > 0 && length <= MAX_NAME, "names of 1 to " + MAX_NAME + " bytes");
          check(value.getBytes(UTF_8).length <= MAX_VALUE, "values up to " + MAX_VALUE + " bytes");
        });
    fields = Map.copyOf(fields);
  }

  /** A notice without fields. */
  public static Notice of(String kind) {
    return new Notice(kind, Map.of());
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException("A notice has " + what + ".");
    }
  }
}

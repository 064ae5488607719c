package io.drumline.stomp.codec;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A version of the protocol, in ascending order. */
public enum StompVersion {
  /** No escaping: a backslash is a backslash. Header padding is trimmed. */
  V1_0("1.0"),
  /** Escapes {@code \n}, {@code \c} and {@code \\}. */
  V1_1("1.1"),
  /** Escapes {@code \r} too. */
  V1_2("1.2");

  /** The {@code version} header of an ERROR when there is no common version. */
  public static final String SUPPORTED = "1.0,1.1,1.2";

  private final String text;

  StompVersion(String text) {
    this.text = text;
  }

  /** The version as written in headers, such as {@code 1.2}. */
  public String text() {
    return text;
  }

  /** Whether headers are escaped at all. */
  boolean escapes() {
    return this != V1_0;
  }

  /** Whether a carriage return in a header can be escaped, and so must be. */
  boolean escapesCarriageReturn() {
    return this == V1_2;
  }

  /**
   * The highest version that both sides support; empty if there is none.
   *
   * @param acceptVersion the client's {@code accept-version} header; null means 1.0
   */
  public static Optional<StompVersion> negotiate(@Nullable String acceptVersion) {
    if (acceptVersion == null) {
      return Optional.of(V1_0);
    }
    StompVersion highest = null;
    for (String offered : acceptVersion.split(",", -1)) {
      String wanted = offered.strip();
      for (StompVersion version : values()) {
        if (version.text.equals(wanted) && (highest == null || version.compareTo(highest) > 0)) {
          highest = version;
        }
      }
    }
    return Optional.ofNullable(highest);
  }
}

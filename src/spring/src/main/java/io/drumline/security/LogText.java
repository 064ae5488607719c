package io.drumline.security;

import org.jspecify.annotations.Nullable;

/** Quotes texts of clients, pages and issuers in logs. */
public final class LogText {
  private static final int LONGEST = 100;

  private LogText() {}

  /** The text in quotes, shortened, and on one line; {@code none} for null. */
  public static String quoted(@Nullable Object text) {
    if (text == null) {
      return "none";
    }
    String whole = text.toString();
    String part = whole.length() > LONGEST ? whole.substring(0, LONGEST) + "…" : whole;
    return "'" + part.replaceAll("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029]", "?") + "'";
  }
}

package io.drumline.stomp.codec;

/** Quotes clients' texts in error messages. */
public final class Sentences {
  private static final int QUOTED_LENGTH = 64;

  private Sentences() {}

  /** The text, shortened and with control characters replaced by question marks. */
  public static String shorten(String text) {
    return shorten(text, QUOTED_LENGTH);
  }

  public static String shorten(String text, int length) {
    String cut = text.length() <= length ? text : text.substring(0, length) + "…";
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}

package io.drumline.continuity;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a checked message says of itself in its body.
 *
 * @param destination that it was sent to
 * @param publisher who sent it
 * @param sequence counts the publisher's messages to the destination from 1
 */
record Content(String destination, String publisher, long sequence) {
  private static final Pattern FORM = Pattern.compile("(\\S+) (\\S+) (\\d{1,18})(?: x*)?");

  /** A body of at least this many bytes. */
  String body(int size) {
    String text = destination + ' ' + publisher + ' ' + sequence;
    int padding = size - text.length() - 1;
    return padding > 0 ? text + ' ' + "x".repeat(padding) : text;
  }

  /** Reads a body; what no publisher of ours wrote becomes a content that nobody sent. */
  static Content parse(String body) {
    Matcher matcher = FORM.matcher(body);
    return matcher.matches()
        ? new Content(matcher.group(1), matcher.group(2), Long.parseLong(matcher.group(3)))
        : new Content("", body.substring(0, Math.min(body.length(), 40)), 0);
  }

  @Override
  public String toString() {
    return publisher + ':' + sequence;
  }
}

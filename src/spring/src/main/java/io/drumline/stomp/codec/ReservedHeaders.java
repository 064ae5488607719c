package io.drumline.stomp.codec;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The header names that a publisher cannot choose freely, in SEND, in the HTTP API and with {@code
 * SimpMessagingTemplate}: one rule for all three. Names are compared whole, in any case; every
 * other header reaches subscribers as it is.
 */
public final class ReservedHeaders {

  /** What becomes of a publisher's header. */
  public enum Use {
    /** It reaches subscribers. */
    PASSED,
    /**
     * STOMP gives it a meaning for the server, which acts on it or writes a value of its own in its
     * place; the publisher's does not reach subscribers.
     */
    TAKEN,
    /** Subscribers or application code would trust it: the message is refused. */
    REFUSED
  }

  private static final Set<String> TAKEN =
      Set.of(
          // in a MESSAGE, with the server's own value
          "destination",
          "content-length",
          "message-id",
          "subscription",
          "ack",
          // instructions to the server
          "id",
          "receipt",
          "receipt-id",
          "transaction",
          // credentials, which are no subscriber's to see
          "login",
          "passcode",
          "authorization");

  private static final Set<String> REFUSED =
      Set.of(
          // what the server itself says
          ServerHeaders.EVENT,
          ServerHeaders.REASON,
          ServerHeaders.MISSED,
          ServerHeaders.RECONNECT,
          "user-name",
          // Spring's names, in lower case, which @Header would resolve from a client's headers
          "simpmessagetype",
          "simpdestination",
          "simporigdestination",
          "simpsessionid",
          "simpsessionattributes",
          "simpsubscriptionid",
          "simpuser",
          "simpconnectmessage",
          "simpdisconnectmessage",
          "simpheartbeat",
          "simpignoreerror",
          "nativeheaders",
          "stompcommand",
          "stompcredentials",
          "lookupdestination");

  private ReservedHeaders() {}

  /** What becomes of a publisher's header of this name. */
  public static Use of(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (TAKEN.contains(lower)) {
      return Use.TAKEN;
    }
    return REFUSED.contains(lower) ? Use.REFUSED : Use.PASSED;
  }

  /**
   * Refuses headers that no publisher may set.
   *
   * @throws IllegalArgumentException with a sentence that names the first of them
   */
  public static void check(List<Header> headers) {
    for (int i = 0; i < headers.size(); i++) {
      String name = headers.get(i).name();
      if (of(name) == Use.REFUSED) {
        throw new IllegalArgumentException(sentence(name));
      }
    }
  }

  /**
   * Those of a publisher's headers that reach subscribers.
   *
   * @throws IllegalArgumentException if one is a header that no publisher may set
   */
  public static List<Header> passedOn(List<Header> headers) {
    List<Header> passed = new ArrayList<>(headers.size());
    for (Header header : headers) {
      switch (of(header.name())) {
        case PASSED -> passed.add(header);
        case TAKEN -> {}
        case REFUSED -> throw new IllegalArgumentException(sentence(header.name()));
      }
    }
    return passed;
  }

  /** Why a message with this header is refused. */
  public static String sentence(String name) {
    return "The header '"
        + Sentences.shorten(name)
        + "' is the server's own: choose another name for it.";
  }
}

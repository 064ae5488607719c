package io.drumline.stomp.codec;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The header names that a publisher cannot choose freely, in SEND, in the HTTP API and with {@code
 * SimpMessagingTemplate}: one rule for all three. Whole names are compared, in any case; all other
 * headers reach subscribers unchanged.
 */
public final class ReservedHeaders {

  /** How a publisher's header is handled. */
  public enum Use {
    /** It reaches subscribers. */
    PASSED,
    /**
     * It has a meaning for the server, which acts on it or replaces it by its own value; the
     * publisher's value does not reach subscribers.
     */
    TAKEN,
    /** Subscribers or application code would trust it: the message is rejected. */
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
          // credentials, which subscribers must not see
          "login",
          "passcode",
          "authorization");

  private static final Set<String> REFUSED =
      Set.of(
          // set only by the server
          ServerHeaders.EVENT,
          ServerHeaders.REASON,
          ServerHeaders.MISSED,
          ServerHeaders.RECONNECT,
          "user-name",
          // Spring's names in lower case, which @Header would resolve from a client's headers
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

  /** How a publisher's header of this name is handled. */
  public static Use of(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (TAKEN.contains(lower)) {
      return Use.TAKEN;
    }
    return REFUSED.contains(lower) ? Use.REFUSED : Use.PASSED;
  }

  /**
   * Rejects headers that no publisher may set.
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
   * Returns a publisher's headers that reach subscribers.
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

  /** Why a message with this header is rejected. */
  public static String sentence(String name) {
    return "The header '"
        + Sentences.shorten(name)
        + "' is the server's own: choose another name for it.";
  }
}

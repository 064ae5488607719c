package io.drumline.stomp;

import java.util.Locale;
import java.util.Set;

/**
 * Headers of a SEND that never reach subscribers: the server writes them itself, they are for the
 * server alone, or subscribers would trust them.
 */
public final class ReservedHeaders {
  private static final Set<String> NAMES =
      Set.of(
          // written by the server
          "message-id",
          "subscription",
          "destination",
          "content-length",
          "ack",
          "user-name",
          "event",
          "reason",
          "missed",
          // meant for the server
          "receipt",
          "receipt-id",
          "transaction",
          "id",
          "selector",
          "login",
          "passcode",
          "authorization",
          // Spring's own, which its handlers would trust
          "nativeheaders",
          "stompcommand",
          "lookupdestination",
          "spring_user");

  private ReservedHeaders() {}

  /** Whether a publisher's header of this name is kept from subscribers; case does not matter. */
  public static boolean contains(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return NAMES.contains(lower) || lower.startsWith("simp");
  }
}

package io.drumline.stomp.codec;

import org.jspecify.annotations.Nullable;

/** The {@code ack} header of a SUBSCRIBE: how its client acknowledges messages. */
public enum AckMode {
  /** Not at all. */
  AUTO,
  /** An ACK also covers all messages before it. */
  CLIENT,
  /** An ACK covers one message. */
  CLIENT_INDIVIDUAL;

  /**
   * Reads the header.
   *
   * @throws StompException if there is no such mode
   */
  public static AckMode of(@Nullable String header) {
    if (header == null) {
      return AUTO;
    }
    return switch (header) {
      case "auto" -> AUTO;
      case "client" -> CLIENT;
      case "client-individual" -> CLIENT_INDIVIDUAL;
      default ->
          throw new StompException(
              "The ack mode must be auto, client or client-individual, but is '"
                  + Sentences.shorten(header)
                  + "'.");
    };
  }
}

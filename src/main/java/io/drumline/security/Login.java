package io.drumline.security;

/** The answer to a client's credentials. */
public sealed interface Login {

  /** The client is who it says. */
  record Accepted(Identity identity) implements Login {}

  /** It is not, or it cannot be found out; the sentence is for the client. */
  record Refused(Reason reason, String sentence) implements Login {}

  /** Why a client was refused: the tag of the metric, and whether it may try again. */
  enum Reason {
    /** It showed nothing, and anonymous clients are not served. */
    NO_CREDENTIALS,
    /** Its token is malformed, forged, or not meant for this server. */
    BAD_TOKEN,
    /** Its token was good once. */
    EXPIRED_TOKEN,
    /** Its login or passcode is wrong. */
    BAD_PASSWORD,
    /** As many logins are being checked as may be: again later. */
    BUSY,
    /** The keys to check tokens with cannot be had: again later. */
    UNAVAILABLE;

    /** Whether the same credentials may be accepted later. */
    public boolean mayRetry() {
      return this == BUSY || this == UNAVAILABLE;
    }
  }
}

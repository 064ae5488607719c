package io.drumline.security;

import java.util.Locale;

/** The result of checking a client's credentials. */
public sealed interface Login {

  /** The client is authenticated, or admitted as anonymous. */
  record Accepted(Identity identity) implements Login {}

  /** The client is rejected, or could not be checked; the sentence is for the client. */
  record Refused(Reason reason, String sentence) implements Login {}

  /**
   * Why a client was rejected: the value of the metric's tag, and whether the client may try again.
   */
  enum Reason {
    /** It sent no credentials, and anonymous clients are not accepted. */
    NO_CREDENTIALS,
    /** Its login or passcode is wrong. */
    BAD_PASSWORD,
    /** Its Authorization header is not {@code Bearer} and a token. */
    WRONG_SCHEME,
    /** It sent a token where only passwords are accepted, or a password where only tokens are. */
    WRONG_CREDENTIALS,
    /** Its token is not a signed JSON Web Token, or has an unreadable claim. */
    MALFORMED_TOKEN,
    /** Its token is signed with an algorithm that is not configured, or not signed. */
    WRONG_ALGORITHM,
    /** Its token is signed with a key that the issuer does not publish. */
    UNKNOWN_KEY,
    /** Its token's signature does not match the key. */
    BAD_SIGNATURE,
    /** Its token's type is not that of an access token. */
    WRONG_TYPE,
    /** Its token is from another issuer. */
    WRONG_ISSUER,
    /** Its token is for another audience. */
    WRONG_AUDIENCE,
    /** Its token has no expiry. */
    NO_EXPIRY,
    /** Its token is not valid yet. */
    NOT_YET_VALID,
    /** Its token has expired. */
    EXPIRED_TOKEN,
    /** Its token has no user name, or an invalid one. */
    BAD_NAME,
    /** Its token has an id that cannot be used to revoke it. */
    BAD_TOKEN_ID,
    /** Too many logins wait for their check: try again later. */
    BUSY,
    /** The keys for its token cannot be fetched now: try again later. */
    KEYS_UNAVAILABLE,
    /** The check failed, as logged: try again later. */
    ERROR;

    /** Whether the check was inconclusive, so that the same credentials may be accepted later. */
    public boolean mayRetry() {
      return this == BUSY || this == KEYS_UNAVAILABLE || this == ERROR;
    }

    /** The value of the metric's tag. */
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}

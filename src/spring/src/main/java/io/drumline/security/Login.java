package io.drumline.security;

import java.util.Locale;

/** The answer to a client's credentials. */
public sealed interface Login {

  /** The client is who it says. */
  record Accepted(Identity identity) implements Login {}

  /** It is not, or it could not be checked; the sentence is for the client. */
  record Refused(Reason reason, String sentence) implements Login {}

  /** Why a client was refused: a tag of the metric, and whether the client may try again. */
  enum Reason {
    /** It showed nothing, and anonymous clients are not served. */
    NO_CREDENTIALS,
    /** Its login or passcode is wrong. */
    BAD_PASSWORD,
    /** Its Authorization header is not {@code Bearer} and a token. */
    WRONG_SCHEME,
    /** It showed a token where only passwords are checked, or a password where only tokens are. */
    WRONG_CREDENTIALS,
    /** Its token is no signed JSON Web Token, or says something that cannot be read. */
    MALFORMED_TOKEN,
    /** Its token is signed with an algorithm that is not configured, or with none. */
    WRONG_ALGORITHM,
    /** Its token is signed with a key that the issuer does not publish. */
    UNKNOWN_KEY,
    /** Its token's signature is not by the key. */
    BAD_SIGNATURE,
    /** Its token is of a type that is no access token. */
    WRONG_TYPE,
    /** Its token is another issuer's. */
    WRONG_ISSUER,
    /** Its token is for another audience. */
    WRONG_AUDIENCE,
    /** Its token does not say when it ends. */
    NO_EXPIRY,
    /** Its token is not valid yet. */
    NOT_YET_VALID,
    /** Its token was valid once. */
    EXPIRED_TOKEN,
    /** Its token names no user, or one that cannot be a user's name. */
    BAD_NAME,
    /** Its token has an id by which it could not be revoked. */
    BAD_TOKEN_ID,
    /** As many logins are being checked as may be: again later. */
    BUSY,
    /** The keys to check its token with cannot be fetched now: again later. */
    KEYS_UNAVAILABLE,
    /** The node failed to check it, which the log tells: again later. */
    ERROR;

    /**
     * Whether the client could not be judged, so that the same credentials may be accepted later.
     */
    public boolean mayRetry() {
      return this == BUSY || this == KEYS_UNAVAILABLE || this == ERROR;
    }

    /** The tag of the metric. */
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}

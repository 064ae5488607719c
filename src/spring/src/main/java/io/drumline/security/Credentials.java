package io.drumline.security;

import org.jspecify.annotations.Nullable;

/**
 * What a client shows of itself in its CONNECT frame: the headers {@code Authorization}, {@code
 * login} and {@code passcode}, each null where it is missing.
 *
 * @param authorization {@code Bearer} and a token
 * @param login a user's name
 * @param passcode that user's password, or a token
 */
public record Credentials(
    @Nullable String authorization, @Nullable String login, @Nullable String passcode) {

  /** Of a client that shows nothing. */
  public static final Credentials NONE = new Credentials(null, null, null);

  /**
   * Whether there is anything to check. Old client libraries always send a login and a passcode,
   * both empty where they have none.
   */
  public boolean present() {
    return authorization != null || shows(login) || shows(passcode);
  }

  private static boolean shows(@Nullable String value) {
    return value != null && !value.isEmpty();
  }

  /** Without the values, so that they reach no log. */
  @Override
  public String toString() {
    return present() ? "Credentials[shown]" : "Credentials[none]";
  }
}

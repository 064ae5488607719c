package io.drumline.security;

import org.jspecify.annotations.Nullable;

/**
 * The credentials in a client's CONNECT frame: the headers {@code Authorization}, {@code login} and
 * {@code passcode}, each null if missing.
 *
 * @param authorization {@code Bearer} and a token
 * @param login a user's name
 * @param passcode that user's password, or a token
 */
public record Credentials(
    @Nullable String authorization, @Nullable String login, @Nullable String passcode) {

  /** No credentials. */
  public static final Credentials NONE = new Credentials(null, null, null);

  /**
   * Whether there are credentials to check. Old client libraries always send a login and a
   * passcode, which may be empty.
   */
  public boolean present() {
    return authorization != null || shows(login) || shows(passcode);
  }

  private static boolean shows(@Nullable String value) {
    return value != null && !value.isEmpty();
  }

  /** Without the values, to keep them out of logs. */
  @Override
  public String toString() {
    return present() ? "Credentials[shown]" : "Credentials[none]";
  }
}

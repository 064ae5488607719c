package io.drumline.security;

/**
 * Settings are invalid or contradict each other; the message is one sentence that names the
 * property.
 */
public final class WrongSettingException extends RuntimeException {
  public WrongSettingException(String sentence) {
    super(sentence);
  }
}

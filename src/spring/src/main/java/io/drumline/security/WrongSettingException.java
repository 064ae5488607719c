package io.drumline.security;

/** Settings that do not go together; the message is one sentence that names the property. */
public final class WrongSettingException extends RuntimeException {
  public WrongSettingException(String sentence) {
    super(sentence);
  }
}

package io.drumline.backplane;

import org.jspecify.annotations.Nullable;

/**
 * The backplane did not accept an operation, such as a publication. The message is a sentence that
 * may be shown to a client.
 */
public final class BackplaneException extends RuntimeException {

  public BackplaneException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}

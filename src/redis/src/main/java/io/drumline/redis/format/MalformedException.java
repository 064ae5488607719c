package io.drumline.redis.format;

/** Bytes in Redis that no node has written; the message gives the reason, for the log. */
public final class MalformedException extends Exception {
  public MalformedException(String message) {
    super(message);
  }

  public MalformedException(String message, Throwable cause) {
    super(message, cause);
  }
}

package io.drumline.redis;

/** Bytes in Redis that no node has written; the message says why, for the log. */
final class MalformedException extends Exception {
  MalformedException(String message) {
    super(message);
  }

  MalformedException(String message, Throwable cause) {
    super(message, cause);
  }
}

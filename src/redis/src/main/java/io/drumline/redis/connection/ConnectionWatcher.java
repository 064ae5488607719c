package io.drumline.redis.connection;

/** Is told what becomes of a connection to Redis, on the backplane's thread. */
public interface ConnectionWatcher {
  /** There is a connection that can be used. */
  void connected();

  /** There is none any more: it was lost, or could not be opened. */
  void disconnected(String reason);
}

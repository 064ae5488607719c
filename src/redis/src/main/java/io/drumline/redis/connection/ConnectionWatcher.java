package io.drumline.redis.connection;

/** Receives changes of a connection to Redis, on the backplane's thread. */
public interface ConnectionWatcher {
  /** There is a usable connection. */
  void connected();

  /** There is no connection: it was lost, or could not be opened. */
  void disconnected(String reason);
}

package io.drumline.session;

import java.util.function.LongSupplier;

/** The connection of a shared session's client. */
public interface ClientSocket {
  /**
   * Runs a task on the connection's event loop, after the tasks already queued there. Any thread.
   */
  void execute(Runnable task);

  /**
   * Calls a timer on the event loop after this many milliseconds. The timer returns the
   * milliseconds until its next call, or 0 to end. Called on the event loop; timers continue after
   * the connection has ended.
   */
  void after(long millis, LongSupplier timer);

  /** Writes a WebSocket ping with this number as its 8-byte payload. Called on the event loop. */
  void ping(long number);

  /** Closes the connection because its client has connected again. Called on the event loop. */
  void fenced();
}

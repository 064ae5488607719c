package io.drumline.session;

import java.util.function.LongSupplier;

/** The socket that a shared session's client is connected by. */
public interface ClientSocket {
  /** Runs a task on the socket's event loop, behind what already waits there. Any thread. */
  void execute(Runnable task);

  /**
   * Calls a timer on the event loop after so many milliseconds; it answers in how many it wants to
   * be called again, or 0. Called on the event loop; timers go on when the socket has ended.
   */
  void after(long millis, LongSupplier timer);

  /**
   * Writes a WebSocket ping with this number as its payload, in 8 bytes. Called on the event loop.
   */
  void ping(long number);

  /** Closes the socket, since its client has connected by another one. Called on the event loop. */
  void fenced();
}

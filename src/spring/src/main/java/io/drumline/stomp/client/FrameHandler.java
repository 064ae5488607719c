package io.drumline.stomp.client;

import io.drumline.stomp.codec.ClientFrame;

/** Serves a client's frame once application code has seen it. */
public interface FrameHandler {
  /**
   * Called on the client's event loop.
   *
   * @param frame as the application's interceptors left it
   */
  void serve(ClientFrame frame, Pending.Slot slot);
}

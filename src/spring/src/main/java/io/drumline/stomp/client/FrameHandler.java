package io.drumline.stomp.client;

import io.drumline.stomp.codec.ClientFrame;

/** Serves a client's frame after application code has seen it. */
public interface FrameHandler {
  /**
   * Called on the client's event loop.
   *
   * @param frame as modified by the application's interceptors
   */
  void serve(ClientFrame frame, Pending.Slot slot);
}

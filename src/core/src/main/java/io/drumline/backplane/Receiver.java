package io.drumline.backplane;

import io.drumline.message.Destination;
import io.drumline.message.Publication;

/** Takes what the backplane delivers. */
public interface Receiver {

  /**
   * A publication of a subscribed destination, in the destination's order. Called by the
   * backplane's I/O threads, one at a time for a destination; hands over and returns, never blocks.
   */
  void received(Publication publication);

  /**
   * Publications of this subscribed destination may have been lost until now: the connection that
   * brings them was lost and has come back. Called by any thread.
   */
  void interrupted(Destination destination);
}

package io.drumline.backplane;

import io.drumline.message.Destination;
import io.drumline.message.Publication;

/** Receives publications from the backplane. */
public interface Receiver {

  /**
   * A publication of a subscribed destination, in the destination's order. Called on the
   * backplane's I/O threads, one at a time per destination. Must not block.
   */
  void received(Publication publication);

  /**
   * Publications of this subscribed destination may have been lost until now: the connection that
   * carries them was lost and is restored. Called on any thread.
   */
  void interrupted(Destination destination);
}

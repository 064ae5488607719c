package io.drumline.session;

import io.drumline.message.Destination;
import org.jspecify.annotations.Nullable;

/**
 * A subscription whose position a shared session remembers. Called on the event loop, once an
 * interval, never for each message.
 */
public interface Tracked {
  /** What is subscribed to: an ordered destination, in the cluster's spelling. */
  Destination destination();

  /**
   * Where the client would go on, as a {@code message-id}: behind the last message that was written
   * to it, or handed to the event loop to be written; with acknowledgements, behind the last up to
   * which all are acknowledged. Before there was any, the point at which the subscription began.
   *
   * @return null while that is not known: then the stored position stays as it is
   */
  @Nullable String received();

  /** Whether {@link #received} is what the client has acknowledged, and needs no other proof. */
  boolean acknowledged();
}

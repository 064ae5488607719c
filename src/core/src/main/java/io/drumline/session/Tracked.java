package io.drumline.session;

import io.drumline.message.Destination;
import org.jspecify.annotations.Nullable;

/**
 * A subscription whose position a shared session stores. Called on the event loop, once per
 * interval, never for each message.
 */
public interface Tracked {
  /** The ordered destination, in the cluster's form. */
  Destination destination();

  /**
   * The {@code message-id} after which the client would resume: the last message written to it, or
   * passed to the event loop to be written; with acknowledgements, the last one up to which all are
   * acknowledged. Before any message, the position at which the subscription began.
   *
   * @return null if unknown: the stored position is left unchanged
   */
  @Nullable String received();

  /** Whether {@link #received} is acknowledged by the client, and so needs no other proof. */
  boolean acknowledged();
}
